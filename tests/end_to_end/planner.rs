//! Generated routines, also while the model that could help is away.

use serde_json::{Value, json};

use crate::harness::{Options, Person, System, shared};

fn wishes(goal: &str, days: i32) -> Value {
    json!({
        "goal": goal,
        "level": "LEVEL_INTERMEDIATE",
        "days_per_week": days,
        "equipment": ["EQUIPMENT_DUMBBELL", "EQUIPMENT_BENCH"],
        "session_minutes": 45,
    })
}

#[tokio::test]
async fn a_generated_routine_is_one_of_the_persons_own_and_fits_the_wishes() {
    let person = Person::join(shared().await, "en").await;
    for (goal, days) in [("GOAL_STRENGTH", 2), ("GOAL_HYPERTROPHY", 4), ("GOAL_ENDURANCE", 6)] {
        let routine = person.post("/v1/routines:generate", &wishes(goal, days)).await;
        assert_eq!(routine["goal"], goal);
        let found = routine["days"].as_array().unwrap();
        assert_eq!(found.len(), usize::try_from(days).unwrap());
        for exercise in found.iter().flat_map(|day| day["exercises"].as_array().unwrap()) {
            let path = format!("/v1/exercises/{}", exercise["exercise_id"].as_str().unwrap());
            let equipment = person.get(&path).await["equipment"].clone();
            let allowed = ["EQUIPMENT_BODYWEIGHT", "EQUIPMENT_DUMBBELL", "EQUIPMENT_BENCH"];
            let all = equipment.as_array().unwrap().iter();
            assert!(all.clone().all(|piece| allowed.contains(&piece.as_str().unwrap())), "{equipment}");
        }
    }
    let routines = person.get("/v1/routines").await;
    assert_eq!(routines["routines"].as_array().unwrap().len(), 3);
    for (field, value) in [("days_per_week", json!(8)), ("session_minutes", json!(5)), ("goal", json!(0))] {
        let mut body = wishes("GOAL_STRENGTH", 3);
        body[field] = value;
        let (status, problem) = person.call("POST", "/v1/routines:generate", Some(&body)).await;
        assert_eq!((status, problem["violations"][0]["field"].as_str()), (400, Some(field)), "{problem}");
    }
}

#[tokio::test]
async fn with_the_model_away_the_rules_make_the_routine() {
    // Port 1 refuses connections.
    let environment = vec![
        ("PLANNER_MODEL_URL", "http://127.0.0.1:1/v1".to_owned()),
        ("PLANNER_MODEL_NAME", "any".to_owned()),
    ];
    let system = System::start(Options { environment, ..Options::default() }).await;
    let person = Person::join(&system, "en").await;
    let routine = person.post("/v1/routines:generate", &wishes("GOAL_FAT_LOSS", 3)).await;
    assert_eq!(routine["days"].as_array().unwrap().len(), 3);
}
