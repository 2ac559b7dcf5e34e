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
        ("", ""),
        ("", "List-Unsubscribe=One-Click"),
        ("text/plain", "whatever"),
        ("application/octet-stream", "\0\u{1}"),
        ("application/json", "{"),
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\ncontent-disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--",
        ),
    ];
    for (number, (content_type, body)) in forms.into_iter().enumerate() {
        let mut request = stage.post(&format!("/v1/unsubscribe?token=a%2Fb-{number}"));
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        assert_eq!(request.body(body).send().await.unwrap().status(), 200);
        assert_eq!(token(&stage), Some(format!("a/b-{number}")));
    }
    let request = stage.post("/v1/unsubscribe").json(&serde_json::json!({ "token": "of a client" }));
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(token(&stage).as_deref(), Some("of a client"));
    // A mail program without RFC 8058 shows the address to a person.
    let before = token(&stage);
    let page = stage.get("/v1/unsubscribe?token=a%2Fb").send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), page.headers()["content-type"].as_bytes()),
        (200, &b"text/html; charset=utf-8"[..])
    );
    let html = page.text().await.unwrap();
    assert!(html.contains("action=\"/unsubscribe\"") && html.contains("value=\"a/b\""), "{html}");
    assert_eq!(token(&stage), before);
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

#[tokio::test]
async fn the_document_of_the_api_is_packed_and_asked_for_once() {
    use std::io::Read as _;
    let stage = Stage::start().await;
    let plain = stage.get("/openapi.json").send().await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    let mut etags = vec![plain.headers()["etag"].clone()];
    let plain = plain.bytes().await.unwrap();
    let mut sizes = vec![plain.len()];
    for (accepted, coding) in [("br;q=0.5, gzip", "gzip"), ("gzip, deflate, br", "br")] {
        let ask = || stage.get("/openapi.json").header("accept-encoding", accepted);
        let packed = ask().send().await.unwrap();
        let header = |name: &str| packed.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            (header("content-encoding").as_str(), header("vary").as_str()),
            (coding, "accept-encoding")
        );
        assert!(header("cache-control").starts_with("public"));
        let etag = packed.headers()["etag"].clone();
        let packed = packed.bytes().await.unwrap();
        let mut unpacked = Vec::new();
        match coding {
            "br" => brotli::Decompressor::new(&packed[..], 4096).read_to_end(&mut unpacked).unwrap(),
            _ => flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap(),
        };
        assert!(unpacked == plain && packed.len() * 4 < plain.len(), "{} of {}", packed.len(), plain.len());
        let again = ask().header("if-none-match", &etag).send().await.unwrap();
        assert_eq!(
            (again.status().as_u16(), &again.headers()["vary"]),
            (304, &"accept-encoding".parse().unwrap())
        );
        assert!(again.bytes().await.unwrap().is_empty());
        // The tag of one form is not that of another.
        let other = stage.get("/openapi.json").header("if-none-match", &etag).send().await.unwrap();
        assert_eq!(other.status(), 200);
        etags.push(etag);
        sizes.push(packed.len());
    }
    assert!(etags[0] != etags[1] && etags[1] != etags[2] && etags[0] != etags[2], "{etags:?}");
    assert!(sizes[2] < sizes[1], "{sizes:?}");
    let refused = stage.get("/openapi.json").header("accept-encoding", "gzip;q=0").send().await.unwrap();
    assert!(!refused.headers().contains_key("content-encoding"));
    let refused = stage.get("/openapi.json").header("accept-encoding", "identity;q=0").send().await.unwrap();
    assert_eq!(refused.status(), 406);
    assert_eq!(refused.json::<serde_json::Value>().await.unwrap()["code"], "NOT_ACCEPTABLE");
    stage.stop().await;
}

#[tokio::test]
async fn every_answer_says_who_may_keep_it_and_stands_in_no_frame() {
    let stage = Stage::start().await;
    for (path, caching) in [
        ("/v1/users/me", "no-store"),
        ("/v1/files", "no-store"),
        ("/nowhere", "no-store"),
        ("/v1/feed", "no-store"),
        ("/livez", "no-store"),
        ("/reset-password", "no-store"),
        ("/unsubscribe?token=x", "no-store"),
        ("/", "no-store"),
        ("/openapi.json", "public, max-age=60"),
        ("/.well-known/jwks.json", "public, max-age=60"),
        ("/v1/files/00000000-0000-0000-0000-000000000001", "private, no-cache"),
    ] {
        let answer = stage.get(path).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), caching, "{path}");
        assert_eq!(
            (&*header("x-content-type-options"), &*header("x-frame-options")),
            ("nosniff", "DENY"),
            "{path}"
        );
        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
    }
    stage.stop().await;
}

#[tokio::test]
async fn pages_of_named_origins_may_call_the_api_and_no_others() {
    let stage =
        Stage::start_with(|config| config.cors_origins = "https://app.example.com".parse().unwrap()).await;
    let ask = async |origin: &str| {
        let question = stage.request(reqwest::Method::OPTIONS, "/v1/users/me").header("origin", origin);
        let question = question.header("access-control-request-method", "PATCH");
        question.header("access-control-request-headers", "authorization").send().await.unwrap()
    };
    let allowed = ask("https://app.example.com").await;
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example.com");
    assert!(allowed.headers()["access-control-allow-methods"].to_str().unwrap().contains("PATCH"));
    assert!(!ask("https://evil.example").await.headers().contains_key("access-control-allow-origin"));
    let call = stage.get("/v1/users/me").header("origin", "https://app.example.com").send().await.unwrap();
    assert_eq!(call.headers()["access-control-allow-origin"], "https://app.example.com");
    assert!(call.headers()["vary"].to_str().unwrap().contains("origin"));
    stage.stop().await;

    let stage = Stage::start().await;
    let call = stage.get("/v1/users/me").header("origin", "https://app.example.com").send().await.unwrap();
    assert!(!call.headers().contains_key("access-control-allow-origin"));
    stage.stop().await;
}

/// Every path that a template of a mail puts behind the address of the gateway.
fn links(folder: &std::path::Path, found: &mut std::collections::BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            links(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("{{ public_url }}").skip(1) {
            let end = link.find(|letter: char| !(letter.is_ascii_alphanumeric() || "/-_".contains(letter)));
            found.insert(link[..end.unwrap_or(link.len())].to_owned());
        }
    }
}

#[tokio::test]
async fn whatever_a_mail_links_to_answers() {
    let stage = Stage::start().await;
    let mut found = std::collections::BTreeSet::new();
    links(concat!(env!("CARGO_MANIFEST_DIR"), "/../notify-svc/templates").as_ref(), &mut found);
    assert!(found.len() > 3, "{found:?}");
    // Those that are made in code.
    found.extend(["/unsubscribe", "/v1/unsubscribe", "/reset-password"].map(str::to_owned));
    for link in found {
        for language in ["en", "ru"] {
            let page = stage.get(&link).header("accept-language", language).send().await.unwrap();
            assert_eq!(
                (page.status().as_u16(), page.headers()["content-language"].as_bytes()),
                (200, language.as_bytes()),
                "{link}"
            );
            assert!(!page.text().await.unwrap().contains("{{"), "{link}");
        }
    }
    stage.stop().await;
}
