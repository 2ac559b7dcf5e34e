//! The pages behind links in mails, one-click unsubscribe, and the API document.

use fitness_proto::fitness::notify::v1::{UnsubscribeRequest, UnsubscribeResponse};
use prost::Message as _;
use tonic::Status;

use crate::stage::Stage;

const RPC: &str = "/fitness.notify.v1.NotificationService/Unsubscribe";

/// The token of the last call.
fn token(stage: &Stage) -> Option<String> {
    let call = stage.notify_svc.script.last_call(RPC)?;
    Some(UnsubscribeRequest::decode(call.message).unwrap().token)
}

#[tokio::test]
async fn a_mail_program_unsubscribes_with_one_request() {
    let stage = Stage::start().await;
    let forms = [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\ncontent-disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--",
        ),
    ];
    for (number, (content_type, body)) in forms.into_iter().enumerate() {
        let request =
            stage.post(&format!("/v1/unsubscribe?token=a%2Fb-{number}")).header("content-type", content_type);
        assert_eq!(request.body(body).send().await.unwrap().status(), 200);
        assert_eq!(token(&stage), Some(format!("a/b-{number}")));
    }
    let request = stage.post("/v1/unsubscribe").json(&serde_json::json!({ "token": "of a client" }));
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(token(&stage).as_deref(), Some("of a client"));
    assert_eq!(stage.get("/v1/unsubscribe").send().await.unwrap().status(), 405);
    stage.stop().await;
}

#[tokio::test]
async fn the_link_asks_first_and_its_button_needs_no_script() {
    let stage = Stage::start().await;
    let page = stage.get("/unsubscribe?token=%22%3E%3Cscript%3E").send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), page.headers()["cache-control"].as_bytes()),
        (200, b"no-store".as_slice())
    );
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    let html = page.text().await.unwrap();
    assert!(html.contains("&quot;&gt;&lt;script&gt;") && !html.contains("<script"), "{html}");
    assert_eq!(token(&stage), None);

    stage.notify_svc.script.answer(RPC, Ok(UnsubscribeResponse::default()));
    let press = |token: &str| {
        let request = stage.post("/unsubscribe").header("content-type", "application/x-www-form-urlencoded");
        request.header("accept-language", "ru").body(format!("token={token}"))
    };
    let done = press("a%2Fb").send().await.unwrap();
    assert_eq!(done.status(), 200);
    assert!(done.text().await.unwrap().contains("Вы отписаны"));
    assert_eq!(token(&stage).as_deref(), Some("a/b"));
    stage.notify_svc.script.answer::<UnsubscribeResponse>(RPC, Err(Status::invalid_argument("no")));
    let refused = press("x").send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("Не получилось"));
    stage.stop().await;
}

#[tokio::test]
async fn the_page_for_a_new_password_runs_its_own_script_and_nothing_else() {
    let stage = Stage::start().await;
    for (language, word) in
        [("en", "Choose a new password"), ("ru-RU,ru;q=0.9,en;q=0.5", "Выберите новый пароль")]
    {
        let page = stage.get("/reset-password?token=secret-token").header("accept-language", language);
        let page = page.send().await.unwrap();
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("script-src 'sha256-") && policy.contains("connect-src 'self'"), "{policy}");
        let html = page.text().await.unwrap();
        assert!(html.contains(word) && html.contains("/v1/auth/reset-password"));
        assert!(!html.contains("{{") && !html.contains("secret-token"));
    }
    stage.stop().await;
}

#[tokio::test]
async fn the_document_of_the_api_describes_files_and_feed() {
    let stage = Stage::start().await;
    let document: serde_json::Value = stage.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    for (path, method) in [
        ("/v1/files", "get"),
        ("/v1/files", "post"),
        ("/v1/files/{file_id}", "get"),
        ("/v1/files/{file_id}", "delete"),
        ("/v1/feed", "get"),
        ("/v1/exercises", "get"),
        ("/v1/notifications", "get"),
    ] {
        assert!(document["paths"][path][method].is_object(), "{method} {path}");
    }
    let created = &document["paths"]["/v1/files"]["post"]["responses"]["201"]["content"]["application/json"];
    let schema = created["schema"]["$ref"].as_str().unwrap().trim_start_matches('#');
    assert!(document.pointer(schema).is_some_and(serde_json::Value::is_object), "{schema}");
    stage.stop().await;
}
