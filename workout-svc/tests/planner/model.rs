//! What the model is asked, and what becomes of its answers.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;
use workout_svc::catalogue::{Difficulty, MuscleGroup};
use workout_svc::planner::{
    ExerciseChoice, FocusMuscles, Goal, MadePlan, Plan, PlanRequest, PlannerKind, plan, validate,
};

use crate::endpoint::{Behaviour, Endpoint, KEY, completion, planner, spoken};
use crate::log::Log;
use crate::requests::{choice, choices, request};

/// Long enough that only a defect lets it pass.
const PATIENT: Duration = Duration::from_secs(20);

fn wanted() -> PlanRequest {
    let focus = FocusMuscles::new([MuscleGroup::Calves]).unwrap();
    PlanRequest { focus, ..request(Goal::Hypertrophy, Difficulty::Intermediate, 4, 60) }
}

/// A good plan that the rules would not make with the seed of these tests.
fn others_plan() -> Plan {
    plan(&wanted(), choices(), 99).unwrap()
}

async fn ask(endpoint: &Endpoint) -> MadePlan {
    planner(&endpoint.url, PATIENT).plan(&wanted(), choices(), 1, None).await.unwrap()
}

/// Asserts that the rules made the plan after this behaviour, for this reason.
async fn assert_falls_back(behaviours: Vec<Behaviour>, requests: usize, reason: &str) {
    let (log, _guard) = Log::record();
    let endpoint = Endpoint::start(behaviours).await;
    let made = ask(&endpoint).await;
    assert_eq!(made.planner, PlannerKind::Rules);
    assert_eq!(made.plan, plan(&wanted(), choices(), 1).unwrap());
    assert_eq!(endpoint.seen().len(), requests);
    let log = log.text();
    assert!(log.contains(&format!("reason=\"{reason}\"")), "{reason} is not in the log: {log}");
    assert!(!log.contains(KEY), "the key is in the log");
}

#[tokio::test]
async fn a_good_answer_is_taken_as_it_is() {
    let endpoint = Endpoint::start([Behaviour::Say(spoken(&others_plan()).to_string())]).await;
    let made = ask(&endpoint).await;
    assert_eq!(made, MadePlan { plan: others_plan(), planner: PlannerKind::Model });
}

#[tokio::test]
async fn the_model_gets_its_key_and_all_that_it_needs_and_nothing_of_the_person() {
    let own =
        ExerciseChoice { exercise_id: Uuid::from_u128(42), slug: None, ..choice("dumbbell_curl").clone() };
    let all: Vec<_> = choices().iter().cloned().chain([own]).collect();
    let excluded = choice("dumbbell_squat");
    let request = PlanRequest { excluded: BTreeSet::from([excluded.exercise_id]), ..wanted() };
    let endpoint = Endpoint::start([]).await;
    planner(&endpoint.url, PATIENT).plan(&request, &all, 1, None).await.unwrap();

    let seen = endpoint.seen();
    let first = &seen[0];
    assert_eq!(first.path, "/v1/chat/completions");
    assert_eq!(first.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(first.headers["content-type"], "application/json");
    let names: BTreeSet<_> = first.headers.keys().map(|name| name.as_str().to_owned()).collect();
    let expected = ["accept", "authorization", "content-length", "content-type", "host"];
    assert_eq!(names, expected.map(str::to_owned).into());

    let body: Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(body["model"], "some-model");
    assert_eq!(body["response_format"]["type"], "json_object");
    let brief: Value = serde_json::from_str(body["messages"][1]["content"].as_str().unwrap()).unwrap();
    let keys: BTreeSet<_> = brief.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = BTreeSet::from([
        "goal",
        "level",
        "first_muscles",
        "days",
        "exercises_per_day",
        "seconds_per_day",
        "warm_up_seconds",
        "most_volume",
        "most_volume_first",
        "kinds",
        "exercises",
    ]);
    assert_eq!(keys, expected);
    assert_eq!(brief["goal"], "hypertrophy");
    assert_eq!(brief["first_muscles"], json!(["calves"]));
    let ids: BTreeSet<_> = brief["exercises"]
        .as_array()
        .unwrap()
        .iter()
        .map(|exercise| exercise["id"].as_str().unwrap())
        .collect();
    assert!(
        ids.contains("dumbbell_curl") && !ids.contains("dumbbell_squat") && !ids.contains("lat_pulldown")
    );
    for id in choices().iter().map(|choice| choice.exercise_id).chain([Uuid::from_u128(42)]) {
        assert!(!first.body.contains(&id.to_string()), "an id of ours is in the request");
    }
}

#[tokio::test]
async fn a_plan_that_breaks_rules_is_corrected_once() {
    let mut wrong = spoken(&others_plan());
    wrong["days"][0]["exercises"][0]["sets"] = 40.into();
    let slug = wrong["days"][0]["exercises"][0]["exercise"].as_str().unwrap().to_owned();
    let right = spoken(&others_plan()).to_string();
    let endpoint = Endpoint::start([Behaviour::Say(wrong.to_string()), Behaviour::Say(right)]).await;
    assert_eq!(ask(&endpoint).await.planner, PlannerKind::Model);

    let second: Value = serde_json::from_str(&endpoint.seen()[1].body).unwrap();
    assert_eq!(second["messages"][2]["role"], "assistant");
    assert_eq!(second["messages"][2]["content"], wrong.to_string());
    let correction = second["messages"][3]["content"].as_str().unwrap();
    assert!(
        correction.contains("a number of sets outside of 2 to 4") && correction.contains(&slug),
        "{correction}"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_cannot_be_read_is_asked_for_again() {
    let right = || Behaviour::Say(spoken(&others_plan()).to_string());
    for wrong in [
        Behaviour::Say(String::from("Sure! Here is your plan:")),
        Behaviour::Answer(503, String::new()),
        Behaviour::Answer(200, String::from("{\"choices\":")),
    ] {
        let endpoint = Endpoint::start([wrong, right()]).await;
        assert_eq!(ask(&endpoint).await.planner, PlannerKind::Model);
    }
}

#[tokio::test]
async fn a_plan_that_stays_wrong_is_refused_and_so_is_every_kind_of_wrong_plan() {
    let good = spoken(&others_plan());
    let broken = |path: &str, value: Value| {
        let mut answer = good.clone();
        *answer.pointer_mut(path).unwrap() = value;
        answer.to_string()
    };
    let first = "/days/0/exercises/0";
    for (answer, reason) in [
        (broken(&format!("{first}/rest_seconds"), json!(100_000)), "refused"),
        (broken("/days/0/exercises", json!([])), "refused"),
        (broken(&format!("{first}/exercise"), json!("lat_pulldown")), "refused"),
        (broken(&format!("{first}/exercise"), json!("' OR 1=1")), "unreadable"),
        (broken(&format!("{first}/sets"), json!(-3)), "unreadable"),
        (broken(&format!("{first}/sets"), json!(3.5)), "unreadable"),
        (broken(&format!("{first}/sets"), json!("3")), "unreadable"),
        (broken(&format!("{first}/sets"), Value::Null), "unreadable"),
        (broken(first, json!({"exercise": "push_up", "sets": 3, "rest_seconds": 60})), "unreadable"),
        (broken("/days", json!([])), "unreadable"),
        (good.to_string().replacen("\"sets\"", "\"note\":\"x\",\"sets\"", 1), "unreadable"),
        (format!("```json\n{good}\n```"), "unreadable"),
        (String::new(), "unreadable"),
    ] {
        assert_falls_back(vec![Behaviour::Say(answer.clone()), Behaviour::Say(answer)], 2, reason).await;
    }
}

#[tokio::test]
async fn what_is_no_completion_is_refused() {
    for body in
        ["", "null", "[]", "{\"choices\":[]}", "{\"choices\":[{\"message\":{\"content\":null}}]}", "<html>"]
    {
        let answer = || Behaviour::Answer(200, body.to_owned());
        assert_falls_back(vec![answer(), answer()], 2, "unreadable").await;
    }
}

#[tokio::test]
async fn a_refusal_by_the_server_is_not_tried_again_and_a_failure_of_it_once() {
    for status in [400, 401, 404, 429] {
        assert_falls_back(vec![Behaviour::Answer(status, String::new())], 1, "status").await;
    }
    let failure = || Behaviour::Answer(500, String::new());
    assert_falls_back(vec![failure(), failure()], 2, "status").await;
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut_off() {
    assert_falls_back(vec![Behaviour::Flood], 1, "too_long").await;
}

#[tokio::test]
async fn the_key_goes_nowhere_else() {
    let elsewhere = Endpoint::start([Behaviour::Say(spoken(&others_plan()).to_string())]).await;
    let target = format!("{}/chat/completions", elsewhere.url);
    assert_falls_back(vec![Behaviour::Redirect(target)], 1, "status").await;
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_echoes_the_key_does_not_get_it_into_the_log() {
    let echo = || Behaviour::Say(format!("{{\"{KEY}\": \"Bearer {KEY}\"}}"));
    assert_falls_back(vec![echo(), echo()], 2, "unreadable").await;
    let unknown = || Behaviour::Say(json!({"days": [{"exercises": [{"exercise": KEY}]}]}).to_string());
    assert_falls_back(vec![unknown(), unknown()], 2, "unreadable").await;
    let body = || Behaviour::Answer(200, completion(KEY).replace("content", KEY));
    assert_falls_back(vec![body(), body()], 2, "unreadable").await;
}

#[tokio::test]
async fn what_a_model_answers_always_keeps_the_rules() {
    let request = wanted();
    let made = ask(&Endpoint::start([Behaviour::Say(spoken(&others_plan()).to_string())]).await).await;
    assert_eq!(validate(&made.plan, &request, choices()), Ok(()));
}
