//! The live feed: sign-ins and training show up while they happen, to their owner alone.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Feed, Person, eventually, shared};

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_sign_in_shows_in_the_feed_of_its_owner_and_in_the_log_of_the_gateway() {
    let system = shared().await;
    let mut person = Person::join(system, "en").await;
    let bystander = Person::join(system, "en").await;
    let mut feed = Feed::open(&person).await;
    let mut other_feed = Feed::open(&bystander).await;
    person.sign_in().await;

    let event = loop {
        let event = feed.next(LIMIT).await;
        if event["type"] == "UserSignedIn" {
            break event;
        }
    };
    assert_eq!(event["user_id"], person.user_id.as_str());
    assert!(event["data"]["session_id"].is_string(), "{event}");

    let user_id = person.user_id.clone();
    eventually("the gateway logs the sign-in", LIMIT, || async {
        let log = system.log();
        log.lines().any(|line| line.contains("gateway") && line.contains(&user_id)).then_some(())
    })
    .await;

    // What the bystander sees next is their own doing: nothing of the sign-in came before it.
    bystander.post("/v1/workouts", &json!({ "name": "Mine" })).await;
    let event = other_feed.next(LIMIT).await;
    assert_eq!(event["user_id"], bystander.user_id.as_str(), "{event}");
}

#[tokio::test]
async fn a_workout_runs_through_the_feed_without_secrets() {
    let system = shared().await;
    let person = Person::join(system, "en").await;
    let mut feed = Feed::open(&person).await;
    person.api.post("/v1/auth/login-code", &json!({ "email": person.account.email })).await;
    let workout = person.post("/v1/workouts", &json!({ "name": "Evening" })).await;
    let path = format!("/v1/workouts/{}:finish", workout["workout_id"].as_str().unwrap());
    let exercises = person.get("/v1/exercises?page_size=1").await;
    let set = json!({ "exercise_id": exercises["exercises"][0]["exercise_id"], "reps": 10 });
    person.post(&path.replace(":finish", "/sets"), &set).await;
    person.post(&path, &json!({})).await;

    let mut seen = Vec::new();
    while !["WorkoutStarted", "WorkoutFinished", "OneTimeCodeIssued"]
        .iter()
        .all(|name| seen.iter().any(|seen| seen == name))
    {
        let event = feed.next(LIMIT).await;
        let text = event.to_string();
        assert!(!text.contains("ciphertext") && !text.contains(&person.account.email), "{text}");
        seen.push(event["type"].as_str().unwrap().to_owned());
    }
}
