use rstest::rstest;
use serde_json::json;

use crate::library::{Library, request};

#[rstest]
#[case("GET", "/v1/shelves/a/books/b", "GetBook", json!({"name": "shelves/a/books/b"}))]
#[case("GET", "/v1/books/b", "GetBook", json!({"name": "b"}))]
#[case("GET", "/v1/books/b%20c", "GetBook", json!({"name": "b c"}))]
#[case("GET", "/v1/books/b%2Fc", "GetBook", json!({"name": "b/c"}))]
#[case("GET", "/v1/books/%D0%B6", "GetBook", json!({"name": "ж"}))]
#[case("GET", "/v1/shelves/a%20b/books/c%2Fd", "GetBook", json!({"name": "shelves/a b/books/c%2Fd"}))]
#[case("GET", "/v1/shelves/a/books/b:download", "DownloadBook", json!({"name": "shelves/a/books/b"}))]
#[case("GET", "/v1/books:search", "SearchBooks", json!({}))]
#[case("GET", "/v1/books/b%3Asearch", "GetBook", json!({"name": "b:search"}))]
#[case("GET", "/v1/shelves/a/books/b%3Aarchive", "GetBook", json!({"name": "shelves/a/books/b:archive"}))]
#[case("GET", "/v1/files/a/b.txt", "GetFile", json!({"path": "a/b.txt"}))]
#[case("GET", "/v1/files/", "GetFile", json!({}))]
#[case("DELETE", "/v1/books/b", "DeleteBook", json!({"book_id": "b"}))]
#[case("POST", "/v1/shelves/a/books/b:archive", "ArchiveBook", json!({"name": "shelves/a/books/b"}))]
#[case("REPORT", "/v1/books/b", "ReportBook", json!({"book_id": "b"}))]
#[case("HEAD", "/v1/books/b", "GetBook", json!({"name": "b"}))]
#[tokio::test]
async fn a_path_reaches_its_rpc_with_its_fields_filled(
    #[case] method: &str,
    #[case] path: &str,
    #[case] rpc: &str,
    #[case] message: serde_json::Value,
) {
    let library = Library::start().await;
    let answer = library.send(request(method, path, None)).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
    let call = library.call();
    assert_eq!((call.method.as_str(), call.json()), (rpc, message));
}

#[rstest]
#[case("GET", "/")]
#[case("GET", "/v1")]
#[case("GET", "/v1/books/")]
#[case("GET", "/v1/books/b/")]
#[case("GET", "/v1//books/b")]
#[case("POST", "/v1/books:import")]
#[case("GET", "/v1/books/b:search")]
#[case("OPTIONS", "/v2")]
#[tokio::test]
async fn an_unknown_path_is_404(#[case] method: &str, #[case] path: &str) {
    let library = Library::start().await;
    let answer = library.send(request(method, path, None)).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (404, Some("NOT_FOUND")));
    assert!(!library.was_called());
}

#[rstest]
#[case("POST", "/v1/books/b", "DELETE, GET, HEAD, OPTIONS, PUT, REPORT")]
#[case("PUT", "/v1/shelves/a/books", "GET, HEAD, OPTIONS, POST")]
#[case("DELETE", "/v1/kinds", "GET, HEAD, OPTIONS, POST")]
#[case("PUT", "/v1/shelves/a/books/b:archive", "OPTIONS, POST")]
#[case("GET", "/v1/shelves/a/books/b:archive", "OPTIONS, POST")]
#[case("POST", "/v1/shelves/a/books/b:download", "GET, HEAD, OPTIONS")]
#[tokio::test]
async fn a_wrong_method_is_405_and_says_what_would_be_right(
    #[case] method: &str,
    #[case] path: &str,
    #[case] allow: &str,
) {
    let library = Library::start().await;
    let answer = library.send(request(method, path, None)).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)));
    assert_eq!(answer.json()["code"], "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn options_answers_the_methods_of_a_path() {
    let library = Library::start().await;
    let answer = library.send(request("OPTIONS", "/v1/kinds", None)).await;
    assert_eq!((answer.status, answer.header("allow")), (204, Some("GET, HEAD, OPTIONS, POST")));
}

#[tokio::test]
async fn head_has_the_length_of_get_and_no_body() {
    let library = Library::start().await;
    let get = library.get("/v1/books/b").await;
    let head = library.send(request("HEAD", "/v1/books/b", None)).await;
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    assert_eq!(head.header("content-type"), Some("application/json"));
    assert!(head.body.is_empty());
}

#[rstest]
#[case("/v1/books/%", "name: is not UTF-8 in percent-encoding")]
#[case("/v1/books/%ff", "name: is not UTF-8 in percent-encoding")]
#[case("/v1/books/%zz", "name: is not UTF-8 in percent-encoding")]
#[tokio::test]
async fn a_path_that_cannot_be_decoded_is_refused(#[case] path: &str, #[case] violation: &str) {
    let library = Library::start().await;
    assert_eq!(library.get(path).await.violations(), [violation]);
}

#[tokio::test]
async fn a_stream_is_501() {
    let library = Library::start().await;
    let answer = library.get("/v1/books:watch").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (501, Some("UNIMPLEMENTED")));
}

#[tokio::test]
async fn the_route_of_a_request_can_be_asked_for() {
    let library = Library::start().await;
    let route = library.transcoder.route(&http::Method::HEAD, "/v1/shelves/a/books/b").unwrap();
    assert_eq!(&*route.path, "/v1/shelves/{name_1}/books/{name_2}");
    assert_eq!(&*route.rpc, "library.v1.BookService.GetBook");
    assert!(route.public);
    assert!(library.transcoder.route(&http::Method::POST, "/v1/books/b").is_none());
}
