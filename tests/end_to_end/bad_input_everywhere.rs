//! Each field of each RPC gets what it should not: the answer is a 4xx that names the field, never a 500.

use std::time::Duration;

use prost_reflect::{FieldDescriptor, Kind};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};

use crate::harness::{Options, Person, Rpc, System, rpcs};

/// Something of the right type for each field, so that only one of them is wrong at a time.
pub(crate) fn plausible(field: &FieldDescriptor, depth: usize) -> Value {
    if field.is_map() {
        return json!({});
    }
    let one = match field.kind() {
        Kind::String if field.name().ends_with("_id") => json!(uuid::Uuid::now_v7().to_string()),
        Kind::String => json!("text"),
        Kind::Bool => json!(false),
        Kind::Bytes => json!("AAAA"),
        Kind::Enum(kind) => json!(kind.values().last().unwrap().name()),
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => json!("2026-01-05T10:00:00Z"),
            "google.protobuf.Duration" => json!("1s"),
            "google.protobuf.FieldMask" => json!(""),
            _ if depth == 0 => json!({}),
            _ => {
                let fields = message.fields().filter(|field| field.containing_oneof().is_none());
                let fields = fields.map(|field| (field.name().to_owned(), plausible(&field, depth - 1)));
                Value::Object(fields.collect())
            }
        },
        _ => json!(1),
    };
    if field.is_list() { json!([one]) } else { one }
}

/// What a field should refuse, whatever its rules are, or at least survive.
fn hostile(field: &FieldDescriptor) -> Vec<Value> {
    let mut values = vec![json!({ "no": "such" }), json!([[[]]]), json!("\u{0}"), json!("é".repeat(20_000))];
    values.extend([json!(-1), json!(i64::MIN), json!(1e308), json!("NaN"), json!("-Infinity"), json!(true)]);
    if let Kind::Message(_) = field.kind() {
        values.push(json!("9999-99-99T99:99:99Z"));
        values.push(json!({ "\u{202e}": null }));
    }
    if field.is_list() {
        values.push(Value::Array(vec![json!("x"); 5_000]));
    }
    values
}

struct Attempt {
    body: Option<Value>,
    query: Vec<(String, String)>,
    /// The field that was spoilt.
    field: String,
}

fn attempts(rpc: &Rpc) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    if let Some(message) = rpc.body_message() {
        let in_path = rpc.variables();
        let fields: Vec<_> = message
            .fields()
            .filter(|field| rpc.body != "*" || !in_path.contains(&field.name()))
            .filter(|field| field.containing_oneof().is_none())
            .collect();
        let good: Map<String, Value> =
            fields.iter().map(|field| (field.name().to_owned(), plausible(field, 2))).collect();
        for field in &fields {
            for value in hostile(field) {
                let mut body = good.clone();
                body.insert(field.name().to_owned(), value);
                let field = field.name().to_owned();
                attempts.push(Attempt { body: Some(Value::Object(body)), query: Vec::new(), field });
            }
        }
        let mut unknown = good.clone();
        unknown.insert("no_such_field".to_owned(), json!(1));
        let field = "no_such_field".to_owned();
        attempts.push(Attempt { body: Some(Value::Object(unknown)), query: Vec::new(), field });
        for body in [json!(null), json!([]), json!("text"), json!(1)] {
            attempts.push(Attempt { body: Some(body), query: Vec::new(), field: String::new() });
        }
        attempts.push(Attempt { body: Some(json!({})), query: Vec::new(), field: String::new() });
    } else {
        for field in rpc.input.fields().filter(|field| !rpc.variables().contains(&field.name())) {
            for value in
                ["-1", "NaN", "\u{0}", "99999999999999999999", "é", "' OR 1=1 --", &"x".repeat(5_000)]
            {
                let name = field.name().to_owned();
                let query = vec![(name.clone(), value.to_owned())];
                attempts.push(Attempt { body: None, query, field: name });
            }
        }
        let query = vec![("no_such_field".to_owned(), "1".to_owned())];
        attempts.push(Attempt { body: None, query, field: "no_such_field".to_owned() });
    }
    attempts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_field_of_any_rpc_makes_a_500_and_what_is_unknown_is_named() {
    // One of its own: this many wrong sign-ins use up limits.
    let system = System::start(Options::default()).await;
    let person = Person::join(&system, "en").await;
    let mut walked = 0;
    for rpc in rpcs() {
        // What would end the account or its session under the test is walked with nothing in it that could succeed.
        if ["DeleteMe", "Logout"].iter().any(|name| rpc.name.ends_with(name)) {
            continue;
        }
        for attempt in attempts(&rpc) {
            for id in [uuid::Uuid::now_v7().to_string(), "not-an-id".to_owned(), "%00".to_owned()] {
                let mut request = person.request(&rpc.verb, &rpc.path(|_| id.clone())).query(&attempt.query);
                if let Some(body) = &attempt.body {
                    request = request.json(body);
                }
                let response = request.timeout(Duration::from_secs(20)).send().await.unwrap();
                let status = response.status();
                let text = response.text().await.unwrap();
                let what = format!("{} {:?} in {}: {status} {text}", rpc.name, attempt.field, rpc.template);
                assert!(!status.is_server_error(), "{what}");
                if status.is_client_error() {
                    let problem: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{what}"));
                    assert!(problem["code"].is_string() && problem["detail"].is_string(), "{what}");
                }
                if attempt.field == "no_such_field" {
                    assert_eq!(status, StatusCode::BAD_REQUEST, "{what}");
                    assert!(text.contains("no_such_field"), "{what}");
                }
                walked += 1;
                if rpc.variables().is_empty() {
                    break;
                }
            }
        }
    }
    assert!(walked > 500, "only {walked} attempts: the contracts are not read");
    assert!(!system.log().contains("panicked at"), "something panicked");
}
