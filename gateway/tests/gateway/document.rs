//! The OpenAPI document as generators of clients read it: rules for every operation, content and schema.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::stage::Stage;

async fn document() -> Value {
    let stage = Stage::start().await;
    let document = stage.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    stage.stop().await;
    document
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((format!("{method} {path}"), operation));
        }
    }
    assert!(operations.len() > 60, "{}", operations.len());
    operations
}

fn resolve<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The schemas of all contents of a request or of one answer, and those of parameters.
fn contents(holder: &Value) -> Vec<&Value> {
    holder["content"]
        .as_object()
        .into_iter()
        .flat_map(|content| content.values())
        .map(|media| &media["schema"])
        .collect()
}

/// Looks at every schema that can be reached from this one.
fn walk<'d>(
    document: &'d Value,
    schema: &'d Value,
    seen: &mut HashSet<String>,
    look: &mut dyn FnMut(&'d Value),
) {
    if let Some(reference) = schema["$ref"].as_str()
        && !seen.insert(reference.to_owned())
    {
        return;
    }
    let schema = resolve(document, schema);
    look(schema);
    for property in schema["properties"].as_object().into_iter().flat_map(|properties| properties.values()) {
        walk(document, property, seen, look);
    }
    for part in schema["anyOf"].as_array().into_iter().flatten().chain(schema.get("items")) {
        walk(document, part, seen, look);
    }
}

fn requested(document: &Value, mut look: impl FnMut(&Value)) {
    let mut seen = HashSet::new();
    for (_, operation) in operations(document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let schemas = contents(&operation["requestBody"]);
        for schema in parameters.map(|parameter| &parameter["schema"]).chain(schemas) {
            walk(document, schema, &mut seen, &mut look);
        }
    }
}

fn answered(document: &Value, mut look: impl FnMut(&Value)) {
    let mut seen = HashSet::new();
    for (_, operation) in operations(document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            if status.starts_with('2') {
                for schema in contents(answer) {
                    walk(document, schema, &mut seen, &mut look);
                }
            }
        }
    }
}

#[tokio::test]
async fn every_content_has_a_schema_that_says_something() {
    let document = document().await;
    for (name, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap().values();
        for holder in answers.map(|answer| resolve(&document, answer)).chain(operation.get("requestBody")) {
            for (media_type, content) in holder["content"].as_object().into_iter().flatten() {
                let schema = resolve(&document, &content["schema"]);
                assert!(schema["type"].is_string() && media_type != "*/*", "{name} {media_type}");
            }
        }
    }
}

/// Nobody tells an empty list from an absent one, so a list that is required has an item at least.
#[tokio::test]
async fn a_list_that_is_required_says_that_it_is_not_empty() {
    let document = document().await;
    let mut lists = 0;
    requested(&document, |schema| {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let property = &schema["properties"][name];
            if property["type"] == "array" {
                assert!(property["minItems"].as_u64() >= Some(1), "{name}: {property}");
                lists += 1;
            }
        }
    });
    assert!(lists >= 2, "{lists}");
}

#[tokio::test]
async fn requests_hold_nothing_unknown_and_no_value_that_says_nothing() {
    let document = document().await;
    let mut objects = 0;
    requested(&document, |schema| {
        if schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], false, "{schema}");
            objects += 1;
        }
        let values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for value in values {
            assert!(!value.ends_with("_UNSPECIFIED"), "{value}");
        }
    });
    assert!(objects > 30, "{objects}");
}

#[tokio::test]
async fn requests_require_what_is_needed_and_answers_what_is_always_there() {
    let document = document().await;
    let required = |name: &str| {
        let schema = &document["components"]["schemas"][name];
        assert!(schema.is_object(), "{name}");
        let names = schema["required"].as_array().into_iter().flatten();
        names.map(|name| name.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    for (name, fields) in [
        ("fitness.user.v1.RegisterRequest", vec!["display_name", "email", "password"]),
        ("fitness.user.v1.VerifyEmailRequest", vec!["code", "email"]),
        ("fitness.user.v1.RefreshRequest", vec!["refresh_token"]),
        ("fitness.workout.v1.CreateExerciseRequest", vec!["muscle_groups", "name"]),
        ("fitness.workout.v1.CreateReminderRequest", vec!["message", "time_of_day"]),
        (
            "fitness.workout.v1.GenerateRoutineRequest",
            vec!["days_per_week", "goal", "level", "session_minutes"],
        ),
        ("fitness.workout.v1.SetPlanInput", vec!["sets"]),
        ("fitness.workout.v1.StartWorkoutRequest", vec![]),
        ("fitness.workout.v1.ReminderUpdate", vec![]),
        ("fitness.notify.v1.NotificationPreferencesPatch", vec![]),
        ("fitness.notify.v1.RecoverNotificationsRequest", vec!["start_time"]),
    ] {
        assert_eq!(required(name), fields.into_iter().map(str::to_owned).collect(), "{name}");
    }
    let log_set = &document["paths"]["/v1/workouts/{workout_id}/sets"]["post"]["requestBody"];
    assert_eq!(
        log_set["content"]["application/json"]["schema"]["required"],
        serde_json::json!(["exercise_id"])
    );
    // Whatever is not always there is a time, a number or a part that its own comment calls optional.
    for (name, absent) in [
        ("fitness.user.v1.User", vec![]),
        ("fitness.user.v1.LoginResponse", vec![]),
        ("fitness.user.v1.File", vec![]),
        ("fitness.workout.v1.Workout", vec!["finish_time"]),
        ("fitness.workout.v1.Reminder", vec!["next_due_time"]),
        ("fitness.workout.v1.SetPlan", vec!["target_percent", "target_weight_kg"]),
        ("fitness.notify.v1.Notification", vec!["deliver_before", "next_attempt_time", "origin"]),
    ] {
        let properties = document["components"]["schemas"][name]["properties"].as_object().unwrap();
        let optional = properties.keys().filter(|field| !required(name).contains(*field)).cloned();
        let optional: BTreeSet<_> = optional.collect();
        assert_eq!(optional, absent.into_iter().map(str::to_owned).collect(), "{name}");
    }
}

#[tokio::test]
async fn null_is_allowed_where_it_means_something() {
    let document = document().await;
    let allows = |schema: &str, field: &str| {
        let property = &document["components"]["schemas"][schema]["properties"][field];
        assert!(property.is_object(), "{schema}.{field}");
        property["type"].as_array().is_some_and(|types| types.contains(&"null".into()))
            || property["anyOf"]
                .as_array()
                .is_some_and(|any| any.contains(&serde_json::json!({ "type": "null" })))
    };
    for (schema, field, expected) in [
        ("fitness.workout.v1.ReminderUpdate", "routine_id", true),
        ("fitness.workout.v1.ReminderUpdate", "enabled", false),
        ("fitness.workout.v1.SetUpdate", "reps", true),
        ("fitness.workout.v1.SetUpdate", "exercise_id", false),
        ("fitness.workout.v1.RoutineUpdate", "goal", true),
        ("fitness.workout.v1.RoutineUpdate", "name", false),
        ("fitness.notify.v1.NotificationPreferencesPatch", "reminders", false),
        ("fitness.notify.v1.NotificationPreferencesPatch", "quiet_hours", false),
        ("fitness.notify.v1.QuietHoursPatch", "enabled", false),
        ("fitness.workout.v1.StartWorkoutRequest", "start_time", true),
        ("fitness.user.v1.RegisterRequest", "email", false),
        ("fitness.workout.v1.Workout", "finish_time", false),
    ] {
        assert_eq!(allows(schema, field), expected, "{schema}.{field}");
    }
}

#[tokio::test]
async fn empty_is_allowed_where_it_means_absent() {
    let document = document().await;
    let schemas = &document["components"]["schemas"];
    for (schema, field, allowed) in [
        ("fitness.workout.v1.Workout", "routine_id", true),
        ("fitness.workout.v1.StartWorkoutRequest", "routine_id", true),
        ("fitness.notify.v1.QuietHours", "start", true),
        ("fitness.notify.v1.QuietHoursPatch", "start", false),
        ("fitness.workout.v1.CreateReminderRequest", "time_of_day", false),
    ] {
        let pattern = schemas[schema]["properties"][field]["pattern"].as_str().unwrap();
        assert_eq!(pattern.starts_with("^$|"), allowed, "{schema}.{field} {pattern}");
    }
    assert_eq!(schemas["fitness.workout.v1.ExerciseUpdate"]["properties"]["muscle_groups"]["minItems"], 1);
}

#[tokio::test]
async fn ids_days_and_times_have_their_formats_in_both_directions() {
    let document = document().await;
    let mut seen = 0;
    let mut look = |schema: &Value| {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let text = |name: &str| property[name].as_str().unwrap_or_default().to_owned();
            let known = match field.as_str() {
                // Ids that other programs make.
                "request_id" | "trace_id" => continue,
                _ if field.ends_with("_id") => text("format") == "uuid" || text("pattern").contains("a-fA-F"),
                _ if field.ends_with("_time") || field == "time" => text("format") == "date-time",
                _ if field.ends_with("_date") || field == "week_start" => {
                    text("format") == "date" || text("pattern").contains("{4}-")
                }
                _ => continue,
            };
            assert!(known, "{field} {property}");
            seen += 1;
        }
    };
    answered(&document, &mut look);
    requested(&document, &mut look);
    assert!(seen > 80, "{seen}");
}

#[tokio::test]
async fn every_operation_says_how_it_fails() {
    let document = document().await;
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        let public = operation["security"] == serde_json::json!([]);
        let mut expected = vec!["400", "429", "503", "default"];
        if !public {
            expected.push("401");
        }
        if name.contains('{') {
            expected.push("404");
        }
        if !name.starts_with("get") && name != "post /v1/files" {
            expected.push("409");
        }
        for status in expected {
            let answer = responses.get(status).unwrap_or_else(|| panic!("{name} {status}"));
            let answer = resolve(&document, answer);
            assert_eq!(
                answer["content"]["application/problem+json"]["schema"]["$ref"],
                "#/components/schemas/Problem"
            );
            let delay = &answer["headers"]["Retry-After"]["schema"]["type"];
            assert_eq!(delay == "integer", ["429", "503"].contains(&status), "{name} {status}");
        }
    }
}

#[tokio::test]
async fn no_parameter_is_the_mask_of_a_patch_and_tags_servers_and_licence_are_told() {
    let document = document().await;
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for (name, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        assert!(
            !parameters.map(|parameter| &parameter["name"]).any(|given| given == "update_mask"),
            "{name}"
        );
        assert!(tags.contains(&&operation["tags"][0]), "{name}");
    }
    assert_eq!(document["servers"][0]["url"], "/");
    assert_eq!(document["info"]["license"]["identifier"], "MIT");
}
