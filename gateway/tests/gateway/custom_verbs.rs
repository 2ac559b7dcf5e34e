//! A word behind a colon is what is to be done: at no route is it taken for a part of an id.

use reqwest::Method;
use serde_json::Value;

use crate::stage::Stage;

const ID: &str = "0198e2f4-1111-7000-8000-000000000001";
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A path of the document with an id in place of each parameter.
fn filled(path: &str) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        filled.push_str(ID);
        rest = after.split_once('}').unwrap().1;
    }
    filled + rest
}

#[tokio::test]
async fn an_unknown_verb_is_found_nowhere_whatever_the_method() {
    let stage = Stage::start().await;
    let document: Value = stage.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    let (custom, plain): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.contains(':'));
    assert!(custom.len() >= 8, "{custom:?}");
    for path in &custom {
        let (resource, verb) = path.rsplit_once(':').unwrap();
        for method in METHODS {
            let asked = format!("{}:frobnicate", filled(resource));
            let answer =
                stage.request(Method::from_bytes(method.as_bytes()).unwrap(), &asked).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{method} {asked}");
            if method != "HEAD" {
                let problem: Value = answer.json().await.unwrap();
                assert_eq!(problem["code"], "NOT_FOUND", "{method} {asked}");
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains(&format!(":{verb}")), "{method} {asked} {detail}");
            }
        }
    }
    for path in plain.iter().filter(|path| path.ends_with('}') && path.starts_with("/v1/")) {
        for method in METHODS {
            let asked = format!("{}:frobnicate", filled(path));
            let answer =
                stage.request(Method::from_bytes(method.as_bytes()).unwrap(), &asked).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{method} {asked}");
        }
    }
    stage.stop().await;
}

#[tokio::test]
async fn a_verb_of_another_path_is_found_as_little() {
    let stage = Stage::start().await;
    for path in [format!("/v1/routines/{ID}:finish"), format!("/v1/workouts/{ID}:copy")] {
        let answer = stage.post(&path).json(&serde_json::json!({})).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().starts_with("This cannot be done here."), "{problem}");
    }
    stage.stop().await;
}
