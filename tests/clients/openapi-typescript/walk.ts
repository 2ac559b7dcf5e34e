// Register, verify, workout, upload and download by the types that openapi-typescript makes, with openapi-fetch.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths } from "./schema";

const email = "openapi-typescript@clients.example";
const picture = readFileSync(process.env.PICTURE!);
const client = createClient<paths>({ baseUrl: process.env.BASE! });

function must<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (!answer.response.ok) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data as T;
}

must(await client.POST("/v1/auth/register", {
  body: { email, password: "brown paper lantern 7", display_name: "Types" },
}));
const code = execFileSync(process.env.CODE!, [email], { encoding: "utf8" }).trim();
const session = must(await client.POST("/v1/auth/verify-email", { body: { email, code } }));
const headers = { authorization: `Bearer ${session.access_token}` };
const name: string = session.user.display_name;

const { exercises } = must(await client.GET("/v1/exercises", { headers, params: { query: { page_size: 1 } } }));
const workout = must(await client.POST("/v1/workouts", { headers, body: { name } }));
const path = { workout_id: workout.workout_id };
must(await client.POST("/v1/workouts/{workout_id}/sets", {
  headers, params: { path }, body: { exercise_id: exercises[0].exercise_id, reps: 5, weight_kg: 60 },
}));
const finished = must(await client.POST("/v1/workouts/{workout_id}:finish", { headers, params: { path }, body: {} }));
if (finished.state !== "WORKOUT_STATE_FINISHED" || finished.set_count !== 1) throw new Error(JSON.stringify(finished));

const stored = must(await client.POST("/v1/files", {
  params: { query: { purpose: "avatar" } },
  headers: { ...headers, "content-type": "image/png" },
  body: picture as unknown as string,
  bodySerializer: (body) => body as unknown as BodyInit,
}));
const bytes = must(await client.GET("/v1/files/{file_id}", {
  headers, params: { path: { file_id: stored.file_id } }, parseAs: "arrayBuffer",
}));
if (new Uint8Array(bytes)[0] !== picture[0]) throw new Error("another picture came back");

const twice = await client.POST("/v1/workouts/{workout_id}:finish", { headers, params: { path }, body: {} });
if (!twice.error?.code) throw new Error("a workout was finished twice");
console.log("openapi-typescript: ok");
