//! The training log: exercises, routines, workouts and what is made of them.

use serde_json::json;

use crate::harness::{Person, shared};

#[tokio::test]
async fn exercises_come_in_the_language_of_the_person_and_own_ones_are_private() {
    let system = shared().await;
    let (english, russian) = (Person::join(system, "en").await, Person::join(system, "ru").await);
    let mut count = 0;
    let mut token = String::new();
    loop {
        let page = english.get(&format!("/v1/exercises?page_size=100&page_token={token}")).await;
        count += page["exercises"].as_array().unwrap().len();
        token = page["next_page_token"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert!(count >= 120, "{count} exercises in the catalogue");
    let id = english.get("/v1/exercises?page_size=1").await["exercises"][0]["exercise_id"].clone();
    let path = format!("/v1/exercises/{}", id.as_str().unwrap());
    let (en, ru) = (english.get(&path).await, russian.get(&path).await);
    assert_ne!(en["name"], ru["name"]);
    assert!(ru["name"].as_str().unwrap().chars().any(|c| ('а'..='я').contains(&c)));
    let groups = english.get("/v1/muscle_groups").await;
    assert!(groups["muscle_groups"].as_array().unwrap().len() > 10);
    let (status, _) = english.call("PATCH", &path, Some(&json!({ "name": "Mine now" }))).await;
    assert!([400, 403, 404].contains(&status), "the catalogue is nobody's to change: {status}");

    let own = json!({
        "name": "Stone lift",
        "muscle_groups": ["MUSCLE_GROUP_GLUTES"],
        "equipment": ["EQUIPMENT_BODYWEIGHT"],
        "measure": "MEASURE_REPS",
    });
    let own = english.post("/v1/exercises", &own).await;
    let path = format!("/v1/exercises/{}", own["exercise_id"].as_str().unwrap());
    assert_eq!(russian.call("GET", &path, None).await.0, 404);
    english.expect("PATCH", &path, Some(&json!({ "name": "Atlas stone" }))).await;
    assert_eq!(english.get(&path).await["name"], "Atlas stone");
    english.expect("DELETE", &path, None).await;
    assert_eq!(english.call("GET", &path, None).await.0, 404);
}

#[tokio::test]
async fn a_routine_is_written_changed_copied_and_deleted() {
    let person = Person::join(shared().await, "en").await;
    let exercises = person.get("/v1/exercises?page_size=2").await;
    let exercise = |index: usize| json!({ "exercise_id": exercises["exercises"][index]["exercise_id"] });
    let routine = json!({
        "name": "Week",
        "goal": "GOAL_STRENGTH",
        "days": [{ "name": "One", "exercises": [exercise(0), exercise(1)] }],
    });
    let routine = person.post("/v1/routines", &routine).await;
    let path = format!("/v1/routines/{}", routine["routine_id"].as_str().unwrap());
    let day = person.post(&format!("{path}/days"), &json!({ "name": "Two" })).await;
    let day_path = format!("{path}/days/{}", day["day_id"].as_str().unwrap());
    person.post(&format!("{day_path}/exercises"), &exercise(0)).await;
    person.expect("PATCH", &day_path, Some(&json!({ "name": "First", "position": 1 }))).await;
    let changed = person.get(&path).await;
    assert_eq!(changed["days"][0]["name"], "First");
    assert_eq!(changed["days"][1]["exercises"].as_array().unwrap().len(), 2);

    let copy = person.post(&format!("{path}:copy"), &json!({ "name": "Copy" })).await;
    person.expect("DELETE", &path, None).await;
    assert_eq!(person.call("GET", &path, None).await.0, 404);
    let copy = person.get(&format!("/v1/routines/{}", copy["routine_id"].as_str().unwrap())).await;
    assert_eq!(copy["days"].as_array().unwrap().len(), 2, "the copy stands on its own");
}

#[tokio::test]
async fn a_workout_is_logged_corrected_finished_and_counted() {
    let person = Person::join(shared().await, "en").await;
    let found = person.get("/v1/exercises?equipment=EQUIPMENT_BARBELL&page_size=1").await;
    let exercise_id = &found["exercises"][0]["exercise_id"];
    let workout = person.post("/v1/workouts", &json!({ "name": "Monday" })).await;
    let path = format!("/v1/workouts/{}", workout["workout_id"].as_str().unwrap());
    let set =
        |reps: i32, weight: f64| json!({ "exercise_id": exercise_id, "reps": reps, "weight_kg": weight });
    let typo = person.post(&format!("{path}/sets"), &set(5, 1000.0)).await;
    let extra = person.post(&format!("{path}/sets"), &set(5, 90.0)).await;
    person.post(&format!("{path}/sets"), &set(3, 110.0)).await;
    let set_path = |set: &serde_json::Value| format!("{path}/sets/{}", set["set_id"].as_str().unwrap());
    person.expect("PATCH", &set_path(&typo), Some(&json!({ "weight_kg": 100.0 }))).await;
    person.expect("DELETE", &set_path(&extra), None).await;
    let finished = person.post(&format!("{path}:finish"), &json!({})).await;
    assert_eq!((finished["set_count"].as_i64(), finished["volume_kg"].as_f64()), (Some(2), Some(830.0)));
    let (status, again) = person.call("POST", &format!("{path}:finish"), Some(&json!({}))).await;
    assert!((400..500).contains(&status), "a workout ends once: {status} {again}");

    let totals = person.get("/v1/stats").await;
    assert_eq!((totals["set_count"].as_i64(), totals["volume_kg"].as_f64()), (Some(2), Some(830.0)));
    let history = person.get("/v1/workouts").await;
    assert_eq!(history["workouts"].as_array().unwrap().len(), 1);
    // 110 × (1 + 3 / 30) = 121 is more than 100 × (1 + 5 / 30) = 116.7.
    let records = person.get("/v1/records").await;
    assert_eq!(records["records"][0]["estimated_one_rep_max_kg"].as_f64(), Some(121.0));
}
