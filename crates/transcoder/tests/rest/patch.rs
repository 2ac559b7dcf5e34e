use rstest::rstest;
use serde_json::json;

use crate::library::Library;

#[rstest]
#[case(r#"{"title": "Moomin"}"#, "title")]
#[case(r#"{"title": "", "pages": 0}"#, "title,pages")]
#[case(r#"{"copiesSold": "1"}"#, "copies_sold")]
#[case(r#"{"author": {"name": "Tove", "email": ""}}"#, "author.name,author.email")]
#[case(r#"{"author": {}}"#, "author")]
#[case(r#"{"author": null, "title": "a"}"#, "author,title")]
#[case(r#"{"author": {"biography": null}}"#, "author.biography")]
#[case(r#"{"tags": [], "notes": {"en": "a"}}"#, "tags,notes")]
#[case(r#"{"published_at": "2031-05-01T09:30:00Z"}"#, "published_at")]
#[case(r#"{"sequel_of": {"sequel_of": {"title": "a"}}}"#, "sequel_of.sequel_of.title")]
#[case(r#"{"name": "shelves/a/books/b", "title": "a"}"#, "title")]
#[case("{}", "")]
#[tokio::test]
async fn the_mask_is_made_of_the_keys_in_the_body(#[case] body: &str, #[case] mask: &str) {
    let library = Library::start().await;
    let answer = library.json("PATCH", "/v1/shelves/a/books/b", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let call = library.call();
    let paths = call.message.get_field_by_name("update_mask").unwrap();
    let paths = paths.as_message().unwrap().get_field_by_name("paths").unwrap();
    let paths: Vec<_> = paths.as_list().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert_eq!(paths.join(","), mask);
    assert!(call.message.has_field_by_name("update_mask"));
    assert_eq!(call.json()["book"]["name"], "shelves/a/books/b");
}

#[tokio::test]
async fn a_mask_in_the_query_wins() {
    let library = Library::start().await;
    let path = "/v1/shelves/a/books/b?update_mask=title,author.name";
    let answer = library.json("PATCH", path, r#"{"pages": 7}"#).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(library.call().json()["update_mask"], "title,author.name");
}

#[tokio::test]
async fn other_methods_make_no_mask() {
    let library = Library::start().await;
    library.json("POST", "/v1/shelves/a/books", r#"{"title": "Moomin"}"#).await;
    assert_eq!(library.call().json(), json!({"parent": "shelves/a", "book": {"title": "Moomin"}}));
}
