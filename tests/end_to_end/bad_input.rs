//! What no client should send: every answer is a clear problem document, none is a 500, nothing shows in the log.

use serde_json::{Value, json};

use crate::harness::{Account, http, shared};

const REGISTER: &str = "/v1/auth/register";

async fn problem(request: reqwest::RequestBuilder, status: u16) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["request_id"], id);
    for member in ["type", "title", "detail", "code"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
    }
    problem
}

fn fields(problem: &Value) -> Vec<&str> {
    let violations = problem["violations"].as_array().map(Vec::as_slice).unwrap_or_default();
    violations.iter().map(|violation| violation["field"].as_str().unwrap()).collect()
}

async fn register_with(body: impl Into<reqwest::Body>, status: u16) -> Value {
    let api = shared().await.api();
    problem(api.request("POST", REGISTER).header("content-type", "application/json").body(body), status).await
}

#[tokio::test]
async fn broken_json_is_a_400() {
    for body in
        ["{", "[]", "\"text\"", "{\"email\":}", "{} {}", "{\"email\":\"a\",\"email\":\"b\"}", "\u{feff}{}"]
    {
        register_with(body, 400).await;
    }
    register_with(vec![b'{', b'"', 0xff, 0xfe, b'"', b':', b'1', b'}'], 400).await;
}

#[tokio::test]
async fn an_unknown_field_is_named() {
    let mut body = Account::new("en").registration();
    body["is_admin"] = json!(true);
    assert_eq!(fields(&register_with(body.to_string(), 400).await), ["is_admin"]);
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named() {
    let mut body = Account::new("en").registration();
    body["display_name"] = json!(["Ann"]);
    assert_eq!(fields(&register_with(body.to_string(), 400).await), ["display_name"]);
}

#[tokio::test]
async fn every_missing_field_is_named() {
    let problem = register_with("{}", 400).await;
    assert_eq!(fields(&problem), ["email", "password", "display_name"]);
}

#[tokio::test]
async fn addresses_that_smuggle_headers_or_recipients_are_refused() {
    for email in ["a@b\r\nBcc: c@d", "a@b\nBcc: c@d", "a@b, c@d", "a@b\0", "<a@b>", "a@b c@d", "\"a b\"@c"] {
        let mut body = Account::new("en").registration();
        body["email"] = json!(email);
        let problem = register_with(body.to_string(), 400).await;
        assert_eq!(fields(&problem), ["email"], "{email:?}");
    }
}

#[tokio::test]
async fn a_display_name_with_line_ends_cannot_reach_a_header() {
    let mut body = Account::new("en").registration();
    body["display_name"] = json!("Ann\r\nBcc: eve@example.org");
    assert_eq!(fields(&register_with(body.to_string(), 400).await), ["display_name"]);
}

#[tokio::test]
async fn a_time_zone_that_does_not_exist_is_named() {
    let mut body = Account::new("en").registration();
    body["time_zone"] = json!("Mars/Olympus");
    assert_eq!(fields(&register_with(body.to_string(), 400).await), ["time_zone"]);
}

#[tokio::test]
async fn a_body_of_70_kib_is_too_large() {
    let mut body = Account::new("en").registration();
    body["display_name"] = json!("x".repeat(70 * 1024));
    register_with(body.to_string(), 413).await;
}

#[tokio::test]
async fn five_thousand_levels_of_nesting_are_a_400() {
    let body = format!("{{\"email\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    register_with(body, 400).await;
    let body = format!("{}1{}", "{\"email\":".repeat(5_000), "}".repeat(5_000));
    register_with(body, 400).await;
}

#[tokio::test]
async fn the_wrong_verb_is_a_405_that_names_the_right_ones() {
    let api = shared().await.api();
    let response = api.request("GET", REGISTER).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert!(response.headers()["allow"].to_str().unwrap().contains("POST"));
    problem(api.request("DELETE", REGISTER), 405).await;
}

#[tokio::test]
async fn the_wrong_content_type_is_a_415() {
    let api = shared().await.api();
    let body = Account::new("en").registration().to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let request = api.request("POST", REGISTER).header("content-type", content_type).body(body.clone());
        problem(request, 415).await;
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_404_and_an_unknown_query_name_a_400() {
    let api = shared().await.api();
    problem(api.request("GET", "/v1/nothing"), 404).await;
    problem(api.request("GET", "/v1/../../etc/passwd%00"), 404).await;
    let problem = problem(api.request("GET", "/v1/users/me?admin=true"), 400).await;
    assert_eq!(fields(&problem), ["admin"]);
}

#[tokio::test]
async fn nothing_a_client_sends_shows_in_the_log_and_nothing_panics() {
    let system = shared().await;
    let api = system.api();
    let account = Account::new("en");
    api.register(&account).await;
    let code = system.inbox().wait_for(&account.email, 1, std::time::Duration::from_secs(10)).await[0].code();
    let wrong = json!({ "email": account.email, "password": "wrong-hunter2-wrong" });
    api.post("/v1/auth/login", &wrong).await;
    register_with(format!("{{\"email\": \"{}\", \"password\": broken", account.email), 400).await;
    let verification = json!({ "email": account.email, "code": code });
    let session: Value = api.post("/v1/auth/verify-email", &verification).await.json().await.unwrap();
    system.inbox().wait_for(&account.email, 2, std::time::Duration::from_secs(10)).await;

    let mut public = system.log();
    for service in ["gateway", "user-svc", "notify-svc"] {
        let metrics = http().get(system.metrics(service)).send().await.unwrap().text().await.unwrap();
        assert!(metrics.contains("# TYPE"), "{service} has metrics");
        public.push_str(&metrics);
    }
    let secrets = [
        account.email.as_str(),
        account.password.as_str(),
        "wrong-hunter2-wrong",
        session["access_token"].as_str().unwrap(),
        session["refresh_token"].as_str().unwrap(),
    ];
    for secret in secrets {
        let hits: Vec<_> = public.lines().filter(|line| line.contains(secret)).take(3).collect();
        assert!(hits.is_empty(), "in clear: {hits:#?}");
    }
    // Six digits can turn up by chance inside a longer number; alone they are the code.
    let alone = |line: &&str| line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code);
    let hits: Vec<_> = public.lines().filter(alone).take(3).collect();
    assert!(hits.is_empty(), "the code in clear: {hits:#?}");
    assert!(!public.contains("panicked at"), "something panicked");
}
