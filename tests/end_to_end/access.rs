//! Who may call what: every RPC of the contracts, without a token, with forged and expired ones, and with somebody
//! else's ids.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use jsonwebtoken::{Algorithm, EncodingKey, Header, decode_header};
use serde_json::{Value, json};

use crate::harness::{Options, Person, Rpc, System, png, rpcs};

const SIGNING_SEED: [u8; 32] = [42; 32];
const OTHER_SEED: [u8; 32] = [43; 32];

fn pem(seed: &[u8; 32]) -> String {
    SigningKey::from_bytes(seed).to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

fn claims(token: &str) -> Value {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// The token with other claims, signed by the given key under the same key id.
fn resigned(token: &str, change: impl FnOnce(&mut Value), seed: &[u8; 32]) -> String {
    let mut claims = claims(token);
    change(&mut claims);
    let header = Header { kid: decode_header(token).unwrap().kid, ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_pem(pem(seed).as_bytes()).unwrap()).unwrap()
}

/// The token with `alg: none` and no signature.
fn unsigned(token: &str) -> String {
    let key_id = decode_header(token).unwrap().kid.unwrap();
    let header = json!({ "alg": "none", "typ": "JWT", "kid": key_id });
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    format!("{header}.{}.", token.split('.').nth(1).unwrap())
}

/// Tokens that nobody should accept, by what is wrong with them.
fn forgeries(token: &str) -> Vec<(&'static str, String)> {
    let expired = |claims: &mut Value| {
        let now = Utc::now().timestamp();
        claims["iat"] = json!(now - 7_200);
        claims["nbf"] = json!(now - 7_200);
        claims["exp"] = json!(now - 3_600);
    };
    vec![
        ("expired", resigned(token, expired, &SIGNING_SEED)),
        ("not valid yet", resigned(token, |claims| claims["nbf"] = json!(claims["exp"]), &SIGNING_SEED)),
        ("of another issuer", resigned(token, |c| c["iss"] = json!("https://evil.example"), &SIGNING_SEED)),
        ("for another audience", resigned(token, |c| c["aud"] = json!("another-app"), &SIGNING_SEED)),
        ("signed by another key", resigned(token, |_| {}, &OTHER_SEED)),
        ("alg none", unsigned(token)),
        ("with the signature cut", token.rsplit_once('.').unwrap().0.to_owned() + "."),
        ("no token at all", "hunter2".to_owned()),
    ]
}

async fn start() -> System {
    let environment = vec![("JWT_SIGNING_KEY", pem(&SIGNING_SEED))];
    System::start(Options { environment, ..Options::default() }).await
}

async fn status(request: reqwest::RequestBuilder, rpc: &Rpc) -> (u16, String) {
    let request = if rpc.body.is_empty() { request } else { request.json(&json!({})) };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The routes that the gateway serves by itself.
const STREAMED: [(&str, &str); 3] =
    [("POST", "/v1/files?purpose=avatar"), ("GET", "/v1/files/{id}"), ("GET", "/v1/feed")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rpc_that_is_not_public_refuses_a_missing_or_forged_token() {
    let system = start().await;
    let person = Person::join(&system, "en").await;
    let api = &person.api;
    let forgeries = forgeries(&person.access_token);
    // The real key makes a token that counts, so the forgeries fail for their own reasons.
    let genuine = resigned(&person.access_token, |_| {}, &SIGNING_SEED);
    let me = api.request("GET", "/v1/users/me").bearer_auth(&genuine).send().await.unwrap();
    assert_eq!(me.status(), 200);

    let all = rpcs();
    assert!(all.len() > 60, "only {} RPCs: the contracts are not read", all.len());
    for rpc in &all {
        let path = rpc.path(|_| uuid::Uuid::now_v7().to_string());
        let (missing, text) = status(api.request(&rpc.verb, &path), rpc).await;
        if rpc.public {
            assert_ne!(missing, 401, "{}: {text}", rpc.name);
            continue;
        }
        assert_eq!(missing, 401, "{}: {text}", rpc.name);
        assert!(text.contains("TOKEN_MISSING"), "{}: {text}", rpc.name);
        for (what, token) in &forgeries {
            let (refused, text) = status(api.request(&rpc.verb, &path).bearer_auth(token), rpc).await;
            assert_eq!(refused, 401, "{} with a token {what}: {text}", rpc.name);
            assert!(text.contains("TOKEN_INVALID"), "{} with a token {what}: {text}", rpc.name);
        }
    }
    for (verb, path) in STREAMED {
        let path = path.replace("{id}", &uuid::Uuid::now_v7().to_string());
        let request = || api.request(verb, &path).header("content-type", "image/png");
        assert_eq!(request().send().await.unwrap().status(), 401, "{verb} {path}");
        for (what, token) in &forgeries {
            let response = request().bearer_auth(token).send().await.unwrap();
            assert_eq!(response.status(), 401, "{verb} {path} with a token {what}");
        }
    }
}

/// What somebody owns, by the names that path templates use.
async fn belongings(owner: &Person) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let exercises = owner.get("/v1/exercises?page_size=1").await;
    let catalogue_exercise = text(&exercises["exercises"][0]["exercise_id"]);
    let exercise = json!({ "exercise_id": catalogue_exercise, "set_plans": [{ "sets": 3, "min_reps": 5 }] });
    let routine = json!({ "name": "Mine", "days": [{ "name": "Day", "exercises": [exercise] }] });
    let routine = owner.post("/v1/routines", &routine).await;
    let workout = owner.post("/v1/workouts", &json!({ "name": "Mine" })).await;
    let workout_id = text(&workout["workout_id"]);
    let set = json!({ "exercise_id": catalogue_exercise, "reps": 5, "weight_kg": 50 });
    let set = owner.post(&format!("/v1/workouts/{workout_id}/sets"), &set).await;
    let reminder = json!({ "message": "Train", "time_of_day": "07:00", "days_of_week": ["DAY_MONDAY"] });
    let reminder = owner.post("/v1/reminders", &reminder).await;
    let own_exercise = json!({
        "name": "Mine alone",
        "muscle_groups": ["MUSCLE_GROUP_CHEST"],
        "equipment": ["EQUIPMENT_DUMBBELL"],
        "measure": "MEASURE_REPS",
    });
    let own_exercise = owner.post("/v1/exercises", &own_exercise).await;
    let file = owner.request("POST", "/v1/files?purpose=avatar").header("content-type", "image/png");
    let file: Value = file.body(png()).send().await.unwrap().json().await.unwrap();
    let sessions = owner.get("/v1/auth/sessions").await;
    let notifications = owner.get("/v1/notifications").await;
    BTreeMap::from([
        ("routine_id".to_owned(), text(&routine["routine_id"])),
        ("day_id".to_owned(), text(&routine["days"][0]["day_id"])),
        ("routine_exercise_id".to_owned(), text(&routine["days"][0]["exercises"][0]["routine_exercise_id"])),
        ("workout_id".to_owned(), workout_id),
        ("set_id".to_owned(), text(&set["set_id"])),
        ("reminder_id".to_owned(), text(&reminder["reminder_id"])),
        ("exercise_id".to_owned(), text(&own_exercise["exercise_id"])),
        ("file_id".to_owned(), text(&file["file_id"])),
        ("session_id".to_owned(), text(&sessions["sessions"][0]["session_id"])),
        ("notification_id".to_owned(), text(&notifications["notifications"][0]["notification_id"])),
        ("user_id".to_owned(), owner.user_id.clone()),
        ("athlete_id".to_owned(), owner.user_id.clone()),
        ("trainer_id".to_owned(), owner.user_id.clone()),
        ("dead_letter_id".to_owned(), uuid::Uuid::now_v7().to_string()),
        ("name".to_owned(), "welcome".to_owned()),
    ])
}

/// A body that would do something if the ids were one's own.
fn sensible_body(rpc: &Rpc, owned: &BTreeMap<String, String>) -> Value {
    let method = rpc.name.split_once('/').unwrap().1;
    match method {
        "UpdateRoutine" | "UpdateRoutineDay" | "UpdateWorkout" | "UpdateExercise" => {
            json!({ "name": "Stolen" })
        }
        "UpdateRoutineExercise" => json!({ "notes": "Stolen" }),
        "CreateRoutineDay" => json!({ "name": "Stolen" }),
        "CreateRoutineExercise" | "LogSet" => {
            let mut body = json!({ "exercise_id": owned["exercise_id"] });
            if method == "LogSet" {
                body["reps"] = json!(5);
            }
            body
        }
        "UpdateSet" => json!({ "reps": 1 }),
        "UpdateReminder" => json!({ "message": "Stolen" }),
        "SetRoles" => json!({ "roles": ["ROLE_ADMIN"] }),
        "AssignRoutine" => json!({ "routine_id": owned["routine_id"] }),
        _ => json!({}),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_or_changes_by_id_what_belongs_to_somebody_else() {
    let system = start().await;
    let victim = Person::join(&system, "en").await;
    let stranger = Person::join(&system, "en").await;
    let owned = belongings(&victim).await;
    let reads = [
        format!("/v1/routines/{}", owned["routine_id"]),
        format!("/v1/workouts/{}", owned["workout_id"]),
        format!("/v1/reminders/{}", owned["reminder_id"]),
        format!("/v1/exercises/{}", owned["exercise_id"]),
        format!("/v1/notifications/{}", owned["notification_id"]),
        "/v1/auth/sessions".to_owned(),
        "/v1/files".to_owned(),
        "/v1/users/me".to_owned(),
    ];
    let mut before = Vec::new();
    for path in &reads {
        before.push(victim.get(path).await);
    }

    for rpc in rpcs().iter().filter(|rpc| !rpc.variables().is_empty() && !rpc.public) {
        let path = rpc.path(|name| {
            owned
                .get(name)
                .unwrap_or_else(|| panic!("{}: what is {name}? Add it to belongings", rpc.name))
                .clone()
        });
        let body = (!rpc.body.is_empty()).then(|| sensible_body(rpc, &owned));
        let (status, answer) = stranger.call(&rpc.verb, &path, body.as_ref()).await;
        let withdraws_nothing = rpc.name.ends_with("/UnfollowTrainer") && status == 204;
        assert!([403, 404].contains(&status) || withdraws_nothing, "{} {path}: {status} {answer}", rpc.name);
    }
    let download = stranger.call("GET", &format!("/v1/files/{}", owned["file_id"]), None).await;
    assert_eq!(download.0, 404);
    for list in ["routines", "workouts", "reminders", "files"] {
        let page = stranger.get(&format!("/v1/{list}")).await;
        assert!(page[list].as_array().is_none_or(Vec::is_empty), "{list}: {page}");
    }
    let (status, _) = stranger.call("GET", "/v1/users", None).await;
    assert_eq!(status, 403, "only an admin lists the users");

    for (path, before) in reads.iter().zip(before) {
        assert_eq!(victim.get(path).await, before, "{path} is as it was");
    }
}
