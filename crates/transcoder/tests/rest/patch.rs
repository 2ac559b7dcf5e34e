use http_body_util::Full;
use rstest::rstest;
use serde_json::json;
use tonic_types::StatusExt as _;

use crate::library::{Library, Reply};

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

#[rstest]
#[case(r#"{"author": {"answers": null}}"#, "author.answers: must not be null")]
#[case(r#"{"author": {"name": null}}"#, "author.name: must not be null")]
#[case(r#"{"title": null, "author": null}"#, "title: must not be null")]
#[case(r#"{"tags": null}"#, "tags: must not be null")]
#[case(r#"{"notes": null}"#, "notes: must not be null")]
#[case(r#"{"published_at": null}"#, "published_at: must not be null")]
#[case(r#"{"copiesSold": null}"#, "copiesSold: must not be null")]
#[case("null", "body: must not be null")]
#[tokio::test]
async fn null_is_refused_where_the_contract_does_not_allow_it(#[case] body: &str, #[case] violation: &str) {
    let library = Library::start().await;
    let answer = library.json("PATCH", "/v1/shelves/a/books/b", body).await;
    assert_eq!(answer.violations(), [violation]);
    assert!(!library.was_called());
}

#[tokio::test]
async fn without_the_option_null_is_for_what_can_be_absent() {
    let plain = transcoder::Transcoder::builder(crate::library::descriptor_set());
    let channel = tonic::transport::Channel::from_static("http://127.0.0.1:9").connect_lazy();
    let transcoder = plain.service(crate::library::SERVICE, channel).build().unwrap();
    for (body, status) in [(r#"{"published_at": null}"#, 503), (r#"{"pages": null}"#, 400)] {
        let request =
            http::Request::patch("/v1/shelves/a/books/b").header("content-type", "application/json");
        let request = request.body(Full::<bytes::Bytes>::from(body)).unwrap();
        let response = tower::ServiceExt::oneshot(transcoder.clone(), request).await.unwrap();
        assert_eq!(response.status(), status, "{body}");
    }
}

/// Whoever finds the fault, the client reads the name that it wrote.
#[rstest]
#[case("PATCH", "/v1/shelves/a/books/b", r#"{"title": 1}"#, "title", "title")]
#[case("PATCH", "/v1/shelves/a/books/b", r#"{"copiesSold": []}"#, "copiesSold", "book.copies_sold")]
#[case("PATCH", "/v1/shelves/a/books/b", r#"{"author": {"email": 1}}"#, "author.email", "book.author.email")]
#[case("PATCH", "/v1/shelves/a/books/b", r#"{"tags": ["a", 1]}"#, "tags[1]", "book.tags[1]")]
#[case(
    "PATCH",
    "/v1/shelves/a/books/b",
    r#"{"sequelOf": {"copiesSold": []}}"#,
    "sequelOf.copiesSold",
    "book.sequel_of.copies_sold"
)]
#[case("PATCH", "/v1/shelves/a/books/b", "[]", "body", "book")]
#[case("PATCH", "/v1/shelves/a/books/b", "null", "body", "update_mask")]
#[case("POST", "/v1/shelves/a/books", r#"{"pages": ""}"#, "pages", "book.pages")]
#[case("PUT", "/v1/books/7", r#"{"title": 1}"#, "title", "title")]
#[case("POST", "/v1/kinds", r#"{"anInt32": ""}"#, "anInt32", "an_int32")]
#[case(
    "POST",
    "/v1/kinds",
    r#"{"manyChild": [{}, {"aBool": 1}]}"#,
    "manyChild[1].aBool",
    "many_child[1].a_bool"
)]
#[case("GET", "/v1/books:search?pageSize=x", "", "pageSize", "page_size")]
#[case("GET", "/v1/books:search?filter.maxPages=x", "", "filter.maxPages", "filter.max_pages")]
#[case("GET", "/v1/books:search?filter.colours=9x", "", "filter.colours", "filter.colours")]
#[tokio::test]
async fn a_violation_names_the_field_as_the_client_sent_it(
    #[case] method: &str,
    #[case] path: &str,
    #[case] body: &str,
    #[case] sent: &str,
    #[case] named_by_the_service: &str,
) {
    let library = Library::start().await;
    let answer =
        if body.is_empty() { library.get(path).await } else { library.json(method, path, body).await };
    assert_eq!(fields(&answer), [sent], "found by the transcoder");

    // The same names where the value is of the right shape and the service finds the fault.
    let (path, body) = (path.replace("=x", "=1").replace("=9x", "=1"), harmless(body));
    let mut details = tonic_types::ErrorDetails::new();
    details.add_bad_request_violation(named_by_the_service, "is wrong");
    let status = tonic::Status::with_error_details(tonic::Code::InvalidArgument, "no", details);
    library.reply(Reply::Status(status));
    let answer =
        if body.is_empty() { library.get(&path).await } else { library.json(method, &path, &body).await };
    assert_eq!(fields(&answer), [sent], "found by the service: {answer:?}");
}

/// The body with values that can be read.
fn harmless(body: &str) -> String {
    match body {
        "null" | "[]" => "{}".to_owned(),
        body if body.contains("opiesSold") => body.replace("[]", "1"),
        body if body.contains("pages") || body.contains("anInt32") => body.replace("\"\"", "1"),
        body if body.contains("aBool") => body.replace('1', "true"),
        body => body.replace('1', "\"a\""),
    }
}

fn fields(answer: &crate::library::Answer) -> Vec<String> {
    answer.violations().iter().map(|text| text.split_once(": ").unwrap().0.to_owned()).collect()
}
