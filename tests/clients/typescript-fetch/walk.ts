// Register, verify, workout, upload and download by the client that openapi-generator's `typescript-fetch` makes.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as api from "./api";

const email = "typescript-fetch@clients.example";
const picture = readFileSync(process.env.PICTURE!);
let accessToken = "";
const configuration = new api.Configuration({ basePath: process.env.BASE!, accessToken: () => accessToken });

const auth = new api.AuthServiceApi(configuration);
await auth.authServiceRegister({
  fitnessUserV1RegisterRequest: { email, password: "brown paper lantern 7", displayName: "Fetch" },
});
const code = execFileSync(process.env.CODE!, [email], { encoding: "utf8" }).trim();
const session = await auth.authServiceVerifyEmail({ fitnessUserV1VerifyEmailRequest: { email, code } });
accessToken = session.accessToken;

const { exercises } = await new api.ExerciseServiceApi(configuration).exerciseServiceListExercises({ pageSize: 1 });
const workouts = new api.WorkoutServiceApi(configuration);
const { workoutId } = await workouts.workoutServiceStartWorkout({
  fitnessWorkoutV1StartWorkoutRequest: { name: session.user.displayName },
});
await workouts.workoutServiceLogSet({
  workoutId,
  workoutServiceLogSetRequest: { exerciseId: exercises[0].exerciseId, reps: 5, weightKg: 60 },
});
const finished = await workouts.workoutServiceFinishWorkout({ workoutId });
if (finished.state !== "WORKOUT_STATE_FINISHED" || finished.setCount !== 1) throw new Error(JSON.stringify(finished));

const files = new api.FileServiceApi(configuration);
const body = new Blob([new Uint8Array(picture)], { type: "image/png" });
const stored = await files.fileServiceUploadFile({ purpose: "avatar", body });
const bytes = new Uint8Array(await (await files.fileServiceDownloadFile({ fileId: stored.fileId })).arrayBuffer());
if (bytes[0] !== picture[0]) throw new Error("another picture came back");

const twice = await workouts.workoutServiceFinishWorkout({ workoutId }).then(
  () => undefined,
  (error: unknown) => error,
);
if (!(twice instanceof api.ResponseError) || !(await twice.response.json()).code) throw twice ?? new Error("no error");
console.log("typescript-fetch: ok");
