//! Every text of every RPC is checked by one rule, and every body that is needed has to be there. Who adds an RPC and
//! forgets the check is told here.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::bad_input_everywhere::plausible;
use crate::harness::{Account, Options, Person, Rpc, System, rpcs};

const DEPTH: usize = 3;

async fn admin() -> (System, Person) {
    let account = Account::new("en");
    let environment = vec![("ADMIN_EMAIL", account.email.clone())];
    let system = System::start(Options { environment, ..Options::default() }).await;
    let admin = Person::join_as(system.api(), system.inbox(), account).await;
    (system, admin)
}

/// Answers every way to spoil one text in the message, each with the name of the text.
fn spoilt(message: &MessageDescriptor, without: &[&str], depth: usize) -> Vec<(String, Value)> {
    let fields: Vec<_> = message.fields().filter(|field| !without.contains(&field.name())).collect();
    let good: Map<String, Value> = fields
        .iter()
        .filter(|field| field.containing_oneof().is_none())
        .map(|field| (field.name().to_owned(), plausible(field, depth)))
        .collect();
    let mut all = Vec::new();
    for field in &fields {
        for (path, value) in spoilt_values(field, depth) {
            let mut body = good.clone();
            body.insert(field.name().to_owned(), value);
            all.push((format!("{}{path}", field.name()), Value::Object(body)));
        }
    }
    all
}

fn spoilt_values(field: &FieldDescriptor, depth: usize) -> Vec<(String, Value)> {
    let values = match field.kind() {
        Kind::String => vec![(String::new(), json!("a\0b"))],
        Kind::Message(inner) if depth > 0 && !inner.full_name().starts_with("google.") => {
            let inner = spoilt(&inner, &[], depth - 1);
            inner.into_iter().map(|(path, value)| (format!(".{path}"), value)).collect()
        }
        _ => Vec::new(),
    };
    if !field.is_list() {
        return values;
    }
    values.into_iter().map(|(path, value)| (format!("[0]{path}"), json!([value]))).collect()
}

async fn refuses(person: &Person, rpc: &Rpc, request: reqwest::RequestBuilder, field: &str) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let what = format!("{} of {} {}: {status} {text}", field, rpc.verb, rpc.template);
    assert!(!person.access_token.is_empty() && status == 400, "{what}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["code"], "INVALID_REQUEST", "{what}");
    let violations = problem["violations"].as_array().unwrap();
    assert!(violations.iter().any(|violation| violation["field"] == field), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn u_0000_in_any_text_of_any_rpc_is_refused_by_the_name_of_the_field() {
    let (system, admin) = admin().await;
    let some_id = |_: &str| uuid::Uuid::now_v7().to_string();
    let mut tried = 0;
    for rpc in rpcs() {
        let variables = rpc.variables();
        for spoilt in &variables {
            let path = rpc.path(|name| if name == *spoilt { "a%00b".to_owned() } else { some_id(name) });
            let body = rpc.body_message().map(|_| json!({}));
            let request = admin.request(&rpc.verb, &path);
            let request = if let Some(body) = body { request.json(&body) } else { request };
            refuses(&admin, &rpc, request, spoilt).await;
            tried += 1;
        }
        if let Some(message) = rpc.body_message() {
            for (field, body) in spoilt(&message, &variables, DEPTH) {
                let request = admin.request(&rpc.verb, &rpc.path(some_id)).json(&body);
                refuses(&admin, &rpc, request, &field).await;
                tried += 1;
            }
        } else {
            let texts = rpc.input.fields().filter(|field| field.kind() == Kind::String);
            for field in texts.filter(|field| !variables.contains(&field.name())) {
                let request = admin.request(&rpc.verb, &rpc.path(some_id)).query(&[(field.name(), "a\0b")]);
                refuses(&admin, &rpc, request, field.name()).await;
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "only {tried} texts: the contracts are not read");

    // What the gateway answers itself.
    for (verb, path, status) in [
        ("GET", "/v1/admin/dead_letters?event_type=%00", 400),
        ("GET", "/v1/files/%00", 400),
        ("POST", "/v1/files?purpose=avatar&file_name=a%00b", 400),
        ("POST", "/v1/files?purpose=%00", 400),
        ("GET", "/unsubscribe?token=%00", 200),
        ("POST", "/v1/unsubscribe?token=%00", 400),
        ("GET", "/reset-password?token=%00", 200),
        ("GET", "/%00", 404),
    ] {
        let content_type =
            if path.starts_with("/v1/files") { "image/png" } else { "application/x-www-form-urlencoded" };
        let request = admin.request(verb, path).header("content-type", content_type);
        let response = if verb == "POST" { request.body("x") } else { request }.send().await.unwrap();
        assert_eq!(response.status(), status, "{verb} {path}: {}", response.text().await.unwrap());
    }
    assert!(!system.log().contains("invalid byte sequence"), "a text reached the database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_needed_may_not_be_missing() {
    let (_system, admin) = admin().await;
    let mut tried = 0;
    for rpc in rpcs() {
        let variables = rpc.variables();
        let Some(message) = rpc.body_message() else { continue };
        let says_something = message.fields().any(|field| !variables.contains(&field.name()));
        if rpc.optional_body || (rpc.body == "*" && !says_something) {
            continue;
        }
        let path = rpc.path(|_| uuid::Uuid::now_v7().to_string());
        for request in [
            admin.request(&rpc.verb, &path),
            admin.request(&rpc.verb, &path).header("content-type", "application/json"),
        ] {
            refuses(&admin, &rpc, request, "body").await;
            tried += 1;
        }
    }
    assert!(tried > 50, "only {tried} bodies: the contracts are not read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbs_of_custom_methods_are_405_with_their_own_methods() {
    let (_system, admin) = admin().await;
    let mut tried = 0;
    for rpc in rpcs().into_iter().filter(|rpc| rpc.template.contains(':')) {
        let path = rpc.path(|_| uuid::Uuid::now_v7().to_string());
        for verb in ["GET", "PUT", "PATCH", "DELETE", "POST"].into_iter().filter(|verb| *verb != rpc.verb) {
            let response = admin.request(verb, &path).send().await.unwrap();
            assert_eq!(response.status(), 405, "{verb} {path}");
            let allow = if rpc.verb == "GET" {
                "GET, HEAD, OPTIONS".to_owned()
            } else {
                format!("OPTIONS, {}", rpc.verb)
            };
            assert_eq!(response.headers()["allow"], allow, "{verb} {path}");
            tried += 1;
        }
    }
    assert!(tried > 30, "only {tried} verbs: the contracts are not read");
}
