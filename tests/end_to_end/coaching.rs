//! Trainers: the role comes by an event, athletes are followed with their consent, and both hear of what happens.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Feed, Options, Parts, Person, System, eventually, shared};

/// A role counts everywhere within this time, without a new sign-in.
const ROLE_LIMIT: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(20);

/// A person with a trainer profile whose role has arrived.
async fn trainer(system: &System) -> Person {
    let trainer = Person::join(system, "en").await;
    trainer.post("/v1/trainer_profile", &json!({ "headline": "Strength for everybody" })).await;
    let start = Instant::now();
    eventually("the trainer role", ROLE_LIMIT, || async {
        let me = trainer.get("/v1/users/me").await;
        me["roles"].as_array().unwrap().contains(&json!("ROLE_TRAINER")).then_some(())
    })
    .await;
    eventually("the trainer's calls", ROLE_LIMIT.saturating_sub(start.elapsed()), || async {
        (trainer.call("GET", "/v1/athletes", None).await.0 == 200).then_some(())
    })
    .await;
    trainer
}

#[tokio::test]
async fn a_trainer_profile_makes_a_trainer_everywhere_without_a_new_sign_in() {
    let system = shared().await;
    let person = Person::join(system, "en").await;
    assert_eq!(person.call("GET", "/v1/athletes", None).await.0, 403);
    drop(person);
    // With the access token of before: `trainer` never signs in again.
    trainer(system).await;
}

#[tokio::test]
async fn a_trainer_sees_the_changes_of_followed_athletes_live_and_nobody_elses() {
    let system = shared().await;
    let coach = trainer(system).await;
    let athlete = Person::join(system, "en").await;
    let stranger = Person::join(system, "en").await;
    athlete.expect("POST", &format!("/v1/trainers/{}:follow", coach.user_id), Some(&json!({}))).await;
    let athletes = coach.get("/v1/athletes").await;
    assert_eq!(athletes["athletes"][0]["athlete_id"], athlete.user_id.as_str());

    let mut feed = Feed::open(&coach).await;
    stranger.post("/v1/routines", &json!({ "name": "Not yours to see" })).await;
    let routine = athlete.post("/v1/routines", &json!({ "name": "Base" })).await;
    let path = format!("/v1/routines/{}", routine["routine_id"].as_str().unwrap());
    let day = athlete.post(&format!("{path}/days"), &json!({ "name": "One" })).await;
    let exercises = athlete.get("/v1/exercises?page_size=1").await;
    let exercise = json!({ "exercise_id": exercises["exercises"][0]["exercise_id"] });
    let exercises_path = format!("{path}/days/{}/exercises", day["day_id"].as_str().unwrap());
    athlete.post(&exercises_path, &exercise).await;
    athlete.expect("PATCH", &path, Some(&json!({ "name": "Base 2" }))).await;
    athlete.expect("DELETE", &path, None).await;

    let mut actions = Vec::new();
    while actions.last().is_none_or(|action| action != "ROUTINE_ACTION_DELETED") {
        let event = feed.next(LIMIT).await;
        if event["type"] == "RoutineChanged" {
            assert_eq!(event["user_id"], athlete.user_id.as_str(), "{event}");
            actions.push(event["data"]["action"].as_str().unwrap().to_owned());
        }
    }
    let expected = ["CREATED", "DAY_ADDED", "EXERCISE_ADDED", "UPDATED", "DELETED"];
    assert_eq!(actions, expected.map(|action| format!("ROUTINE_ACTION_{action}")));
}

#[tokio::test]
async fn an_assigned_routine_is_the_athletes_own_and_is_mailed() {
    let system = shared().await;
    let coach = trainer(system).await;
    let athlete = Person::join(system, "ru").await;
    let routine = coach.post("/v1/routines", &json!({ "name": "Foundations" })).await;
    let assignment = json!({ "routine_id": routine["routine_id"] });
    let path = format!("/v1/athletes/{}:assign_routine", athlete.user_id);
    let (status, _) = coach.call("POST", &path, Some(&assignment)).await;
    assert_eq!(status, 404, "not without the athlete's consent");

    athlete.expect("POST", &format!("/v1/trainers/{}:follow", coach.user_id), Some(&json!({}))).await;
    coach.post(&path, &assignment).await;
    let routines = athlete.get("/v1/routines").await;
    assert_eq!(routines["routines"][0]["name"], "Foundations");
    let mail = athlete.inbox.wait_for(&athlete.account.email, 3, LIMIT).await.remove(2);
    assert!(mail.text.contains("Foundations"), "{}", mail.text);
    assert!(mail.text.chars().any(|c| ('а'..='я').contains(&c)), "in the athlete's language");
}

#[tokio::test]
async fn an_admin_by_configuration_takes_a_role_away_and_it_counts_within_seconds() {
    let account = crate::harness::Account::new("en");
    let environment = vec![("ADMIN_EMAIL", account.email.clone())];
    let system = System::start(Options { environment, ..Options::default() }).await;
    let admin = Person::join_as(system.api(), system.inbox(), account).await;
    let coach = trainer(&system).await;
    let users = admin.get("/v1/users").await;
    assert_eq!(users["users"].as_array().unwrap().len(), 2, "{users}");

    let roles = json!({ "roles": ["ROLE_ATHLETE"] });
    admin.expect("PUT", &format!("/v1/users/{}/roles", coach.user_id), Some(&roles)).await;
    eventually("the role is gone", ROLE_LIMIT, || async {
        (coach.call("GET", "/v1/athletes", None).await.0 == 403).then_some(())
    })
    .await;
    let (status, _) = coach.call("GET", "/v1/users", None).await;
    assert_eq!(status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_registers_while_workout_svc_is_away_gets_one_profile_when_it_starts() {
    let mut parts = Parts::start().await;
    parts.stop(crate::harness::Part::WorkoutSvc).await;
    let account = crate::harness::Account::new("en");
    let person = Person::join_as(parts.api(), parts.inbox(), account).await;
    parts.resume(crate::harness::Part::WorkoutSvc).await;
    let routine: Value = eventually("the profile", Duration::from_mins(1), || async {
        let (status, answer) = person.call("POST", "/v1/routines", Some(&json!({ "name": "First" }))).await;
        assert!(status == 201 || status == 503, "{status} {answer}");
        (status == 201).then_some(answer)
    })
    .await;
    assert_eq!(routine["name"], "First");
    let created = |events: Vec<crate::harness::Record>| {
        let profile = "fitness.workout.v1.AthleteProfileCreated";
        events.iter().filter(|event| event.headers["ce_type"] == profile).count()
    };
    eventually("the profile's event", LIMIT, || async {
        let events =
            crate::harness::records_of(&parts.kafka(), "fitness.workout.events", &person.user_id).await;
        (created(events) == 1).then_some(())
    })
    .await;
    // Delivered once more, it makes no second profile.
    parts.stop(crate::harness::Part::WorkoutSvc).await;
    parts.resume(crate::harness::Part::WorkoutSvc).await;
    parts.until_ready().await;
    person.get("/v1/routines").await;
    let events = crate::harness::records_of(&parts.kafka(), "fitness.workout.events", &person.user_id).await;
    assert_eq!(created(events), 1);
    parts.end().await;
}
