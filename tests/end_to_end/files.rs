//! Pictures: uploaded and downloaded by their owner, judged by their content.

use serde_json::Value;

use crate::harness::{Person, png, shared};

async fn upload(person: &Person, content_type: &str, body: Vec<u8>) -> (u16, Value) {
    let request = person.request("POST", "/v1/files?purpose=progress_photo");
    let response = request.header("content-type", content_type).body(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_picture_comes_back_as_it_was_to_its_owner_alone() {
    let system = shared().await;
    let (owner, stranger) = (Person::join(system, "en").await, Person::join(system, "en").await);
    let (status, file) = upload(&owner, "image/png", png()).await;
    assert_eq!(status, 201, "{file}");
    assert_eq!(file["content_type"], "image/png");
    let path = format!("/v1/files/{}", file["file_id"].as_str().unwrap());
    let download = owner.request("GET", &path).send().await.unwrap();
    assert_eq!(download.status(), 200);
    assert_eq!(download.headers()["content-type"], "image/png");
    assert_eq!(download.headers()["x-content-type-options"], "nosniff");
    assert_eq!(download.bytes().await.unwrap(), png());
    assert_eq!(stranger.call("GET", &path, None).await.0, 404);
    assert_eq!(stranger.call("DELETE", &path, None).await.0, 404);
    assert_eq!(owner.get("/v1/files").await["files"].as_array().unwrap().len(), 1);
    owner.expect("DELETE", &path, None).await;
    assert_eq!(owner.call("GET", &path, None).await.0, 404);
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_is_refused_with_the_reason() {
    let person = Person::join(shared().await, "en").await;
    let (status, problem) = upload(&person, "image/png", b"<script>alert(1)</script>".to_vec()).await;
    assert_eq!(status, 400, "the name of the type does not make a picture: {problem}");
    let (status, _) = upload(&person, "image/png", Vec::new()).await;
    assert_eq!(status, 400);
    let mut large = png();
    large.resize(10 * 1024 * 1024 + 1, 0);
    let (status, problem) = upload(&person, "image/png", large).await;
    assert_eq!(status, 413, "{problem}");
    let files = person.get("/v1/files").await;
    assert!(files["files"].as_array().is_none_or(Vec::is_empty), "nothing is left of them: {files}");
}
