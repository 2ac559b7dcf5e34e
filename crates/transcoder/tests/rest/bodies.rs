use http_body_util::Full;
use rstest::rstest;
use serde_json::json;

use crate::library::{Library, request};

#[tokio::test]
async fn a_whole_body_is_the_message() {
    let library = Library::start().await;
    let answer = library.json("PUT", "/v1/books/7", r#"{"title": "Moomin", "book_id": "7"}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(library.call().json(), json!({"book_id": "7", "title": "Moomin"}));
}

#[tokio::test]
async fn both_spellings_of_a_field_are_read_and_the_original_one_is_written() {
    let library = Library::start().await;
    let answer = library.json("POST", "/v1/kinds", r#"{"aString": "a", "an_int64": 5}"#).await;
    let written = answer.json();
    assert_eq!((written["a_string"].as_str(), written["an_int64"].as_str()), (Some("a"), Some("5")));
}

#[rstest]
#[case("PUT", "/v1/books/7")]
#[case("POST", "/v1/shelves/a/books")]
#[case("PATCH", "/v1/shelves/a/books/b")]
#[case("PUT", "/v1/books/7/cover")]
#[case("POST", "/v1/kinds")]
#[tokio::test]
async fn a_body_that_has_fields_may_not_be_missing(#[case] method: &str, #[case] path: &str) {
    let library = Library::start().await;
    let json = http::Request::builder().method(method).uri(path).header("content-type", "application/json");
    for request in [request(method, path, None), json.body(Full::default()).unwrap()] {
        let answer = library.send(request).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert_eq!(answer.violations(), ["body: is required"]);
        assert!(!library.was_called());
    }
}

#[rstest]
#[case("/v1/shelves/a/books/b:archive", json!({"name": "shelves/a/books/b"}))]
#[case("/v1/books/7:copy", json!({"book_id": "7"}))]
#[tokio::test]
async fn a_body_may_be_missing_where_nothing_can_be_in_it_or_the_contract_says_so(
    #[case] path: &str,
    #[case] message: serde_json::Value,
) {
    let library = Library::start().await;
    assert!(library.send(request("POST", path, None)).await.status < 300);
    assert_eq!(library.call().json(), message);
    assert!(library.json("POST", path, "{}").await.status < 300);
    assert_eq!(library.call().json(), message);
}

#[tokio::test]
async fn a_path_that_differs_from_the_body_is_refused() {
    let library = Library::start().await;
    let answer = library.json("PUT", "/v1/books/7", r#"{"book_id": "8"}"#).await;
    assert_eq!(answer.violations(), ["book_id: differs from the value in the path"]);
    let answer = library
        .json("PATCH", "/v1/shelves/a/books/b", r#"{"name": "shelves/a/books/c", "title": "Moomin"}"#)
        .await;
    assert_eq!(answer.violations(), ["book.name: differs from the value in the path"]);
}

#[rstest]
#[case(r#"{"titel": "a"}"#, "titel: is not known here")]
#[case(r#"{"title": 7}"#, "title: must be a string")]
#[case(r#"{"title": ["a"]}"#, "title: must be a string")]
#[case(r#"{"title": {"a": 1}}"#, "title: must be a string")]
#[case(r#"{"title": "a", "title": "b"}"#, "title: is given twice")]
#[case("[]", "body: must be an object")]
#[case("7", "body: must be an object")]
#[case("null", "body: must not be null")]
#[case("{", "body: is not complete JSON")]
#[case("{}{}", "body: is not JSON, or nested too deeply, at line 1 column 3")]
#[case("{} x", "body: is not JSON, or nested too deeply, at line 1 column 4")]
#[case("{title: 1}", "body: is not JSON, or nested too deeply, at line 1 column 2")]
#[case(r#"{"title": NaN}"#, "body: is not JSON, or nested too deeply, at line 1 column 11")]
#[case(r#"{"title": "\ud800"}"#, "body: is not JSON, or nested too deeply, at line 1 column 18")]
#[tokio::test]
async fn a_body_that_is_not_the_message_is_refused_with_the_reason(
    #[case] body: &str,
    #[case] violation: &str,
) {
    let library = Library::start().await;
    assert_eq!(library.json("PUT", "/v1/books/7", body).await.violations(), [violation]);
    assert!(!library.was_called());
}

#[rstest]
#[case(
    r#"{"child": {"many_child": [{}, {"a_bool": 1}]}}"#,
    "child.many_child[1].a_bool: must be true or false"
)]
#[case(r#"{"many_int32": [1, null]}"#, "many_int32[1]: must not be null")]
#[case(r#"{"many_int32": 1}"#, "many_int32: must be a list")]
#[case(r#"{"many_int32": {}}"#, "many_int32: must be a list")]
#[case(r#"{"by_string": []}"#, "by_string: must be an object")]
#[case(r#"{"by_string": {"a": 1}}"#, "by_string: must be a string")]
#[case(r#"{"by_string": {"a": "b", "a": "c"}}"#, "by_string: has the same key twice")]
#[case(r#"{"by_int32": {"x": {}}}"#, "by_int32: has a key of the wrong type")]
#[case(r#"{"by_int32": {"1": {"a_bool": ""}}}"#, "by_int32.a_bool: must be true or false")]
#[case(r#"{"by_bool": {"true": null}}"#, "by_bool: has an entry that is null")]
#[case(r#"{"colour": "PINK"}"#, "colour: must be one of COLOUR_UNSPECIFIED, COLOUR_RED, COLOUR_BLUE")]
#[case(r#"{"colour": "1"}"#, "colour: must be one of COLOUR_UNSPECIFIED, COLOUR_RED, COLOUR_BLUE")]
#[case(r#"{"an_int32": 1.5}"#, "an_int32: must be a 32-bit integer")]
#[case(r#"{"an_int32": 2147483648}"#, "an_int32: must be a 32-bit integer")]
#[case(r#"{"a_uint32": -1}"#, "a_uint32: must be an unsigned 32-bit integer")]
#[case(r#"{"an_int64": 9223372036854775808}"#, "an_int64: must be a 64-bit integer")]
#[case(r#"{"a_float": 1e300}"#, "a_float: must be a number of single precision")]
#[case(r#"{"a_double": "x"}"#, "a_double: must be a number")]
#[case(r#"{"some_bytes": "*"}"#, "some_bytes: must be bytes in base64")]
#[case(r#"{"child": "a"}"#, "child: must be an object")]
#[case(
    r#"{"choice_string": "a", "choice_int64": 1}"#,
    "choice_int64: must not be given together with choice_string"
)]
#[case(r#"{"timestamp": "yesterday"}"#, "timestamp: must be a time such as 2031-05-01T09:30:00Z (RFC 3339)")]
#[case(
    r#"{"timestamp": {"seconds": 1}}"#,
    "timestamp: must be a time such as 2031-05-01T09:30:00Z (RFC 3339)"
)]
#[case(
    r#"{"timestamp": "2031-02-30T00:00:00Z"}"#,
    "timestamp: must be a time such as 2031-05-01T09:30:00Z (RFC 3339)"
)]
#[case(r#"{"duration": "1"}"#, "duration: must be a duration in seconds such as 1.5s")]
#[case(r#"{"duration": "315576000001s"}"#, "duration: must be a duration in seconds such as 1.5s")]
#[case(r#"{"field_mask": ["a"]}"#, "field_mask: must be field names separated by commas")]
#[case(r#"{"struct": []}"#, "struct: must be an object")]
#[case(r#"{"struct": {"a": 1, "a": 2}}"#, "struct: has the same key twice")]
#[case(r#"{"list": {}}"#, "list: must be a list")]
#[case(r#"{"int32_value": "x"}"#, "int32_value: must be a 32-bit integer")]
#[case(r#"{"empty": {"a": 1}}"#, "empty.a: is not known here")]
#[case(r#"{"any": {"a": 1}}"#, "any.@type: must be the name of a type")]
#[case(r#"{"any": {"@type": "x/y"}}"#, "any.@type: is not the name of a type known here")]
#[case(r#"{"any": {"@type": "x/library.v1.Kinds", "a_bool": 1}}"#, "any.a_bool: must be true or false")]
#[case(
    r#"{"any": {"a_bool": true, "@type": "x/library.v1.Kinds", "a_bool": true}}"#,
    "any.a_bool: is given twice"
)]
#[case(
    r#"{"any": {"@type": "x/google.protobuf.Duration", "value": "1"}}"#,
    "any.value: must be a duration in seconds such as 1.5s"
)]
#[tokio::test]
async fn a_field_that_does_not_fit_is_named_with_the_reason(#[case] body: &str, #[case] violation: &str) {
    let library = Library::start().await;
    assert_eq!(library.json("POST", "/v1/kinds", body).await.violations(), [violation]);
}

#[rstest]
#[case("/v1/kinds", r#"{"child":"#, "}", r#"{"a_bool": true}"#)]
#[case("/v1/kinds", r#"{"list":["#, "]}", "1")]
#[case("/v1/kinds", r#"{"value":["#, "]}", "1")]
#[tokio::test]
async fn five_thousand_levels_are_refused(
    #[case] path: &str,
    #[case] open: &str,
    #[case] close: &str,
    #[case] core: &str,
) {
    let library = Library::start().await;
    let body = format!("{}{core}{}", open.repeat(5000), close.repeat(5000));
    assert_eq!(library.json("POST", path, &body).await.status, 400);
    let mixed = format!(r#"{{"value":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
    assert_eq!(library.json("POST", path, &mixed).await.status, 400);
}

/// The service's decoder allows 100 levels of messages; what passes here must pass there.
#[tokio::test]
async fn what_is_not_too_deep_here_is_not_too_deep_for_the_service() {
    let library = Library::start().await;
    let kinds = [(r#"{"child":"#, "}"), (r#"{"by_int32":{"1":"#, "}}"), (r#"{"many_child":["#, "]}")];
    for (open, close) in kinds {
        for depth in 1..130 {
            let body = format!("{}{{}}{}", open.repeat(depth), close.repeat(depth));
            let answer = library.json("POST", "/v1/kinds", &body).await;
            assert!(matches!(answer.status, 200 | 400), "{depth} levels of {open}: {answer:?}");
        }
    }
    for depth in 1..130 {
        let lists = format!(r#"{{"value":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let answer = library.json("POST", "/v1/kinds", &lists).await;
        assert!(matches!(answer.status, 200 | 400), "{depth} lists: {answer:?}");
        let structs = format!(r#"{{"value":{}1{}}}"#, r#"{"a":"#.repeat(depth), "}".repeat(depth));
        let answer = library.json("POST", "/v1/kinds", &structs).await;
        assert!(matches!(answer.status, 200 | 400), "{depth} structs: {answer:?}");
    }
}

#[tokio::test]
async fn a_secret_in_a_field_of_the_wrong_type_is_not_repeated() {
    let library = Library::start().await;
    for body in [
        r#"{"an_int32": "hunter2"}"#,
        r#"{"colour": "hunter2"}"#,
        r#"{"by_int32": {"hunter2": {}}}"#,
        r#"{"any": {"@type": "hunter2"}}"#,
        r#"{"a_string": hunter2}"#,
    ] {
        let answer = library.json("POST", "/v1/kinds", body).await;
        assert_eq!(answer.status, 400);
        assert!(!answer.text().contains("hunter2"), "{}", answer.text());
    }
}

#[rstest]
#[case(Some("application/json; charset=UTF-8"), 200)]
#[case(Some("APPLICATION/JSON"), 200)]
#[case(Some("application/merge-patch+json"), 200)]
#[case(Some("text/plain"), 415)]
#[case(Some("application/x-www-form-urlencoded"), 415)]
#[case(Some(""), 415)]
#[case(None, 415)]
#[tokio::test]
async fn a_body_must_say_that_it_is_json(#[case] content_type: Option<&str>, #[case] status: u16) {
    let library = Library::start().await;
    let mut request = http::Request::put("/v1/books/7");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let answer = library.send(request.body(Full::from("{}")).unwrap()).await;
    assert_eq!(answer.status, status, "{answer:?}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_before_it_is_read() {
    let library = Library::start().await;
    let request = http::Request::put("/v1/books/7")
        .header("content-type", "application/json")
        .header("content-length", (64 * 1024 + 1).to_string());
    let body = http_body_util::StreamBody::new(futures::stream::pending::<
        Result<http_body::Frame<bytes::Bytes>, std::convert::Infallible>,
    >());
    let response =
        tower::ServiceExt::oneshot(library.transcoder.clone(), request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), 413);
}

#[tokio::test]
async fn a_body_without_a_length_is_413_once_it_is_over_the_limit() {
    let library = Library::start().await;
    let exact = format!(r#"{{"title": "{}"}}"#, "a".repeat(64 * 1024 - 13));
    assert_eq!(library.json("PUT", "/v1/books/7", &exact).await.status, 200);
    let answer = library.json("PUT", "/v1/books/7", &format!("{exact} ")).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (413, Some("BODY_TOO_LARGE")));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400() {
    let library = Library::start().await;
    let request = http::Request::put("/v1/books/7").header("content-type", "application/json");
    let frames = futures::stream::iter([
        Ok(http_body::Frame::data(bytes::Bytes::from_static(b"{"))),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    let body = http_body_util::StreamBody::new(frames);
    let response =
        tower::ServiceExt::oneshot(library.transcoder.clone(), request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn a_raw_body_goes_through_as_it_is() {
    let library = Library::start().await;
    let request = http::Request::put("/v1/books/7/cover?caption=sea").header("content-type", "image/png");
    let answer = library.send(request.body(Full::from(&b"\x89PNG\xff"[..])).unwrap()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let expected = json!({
        "book_id": "7",
        "caption": "sea",
        "cover": {"content_type": "image/png", "data": "iVBOR/8="},
    });
    assert_eq!(library.call().json(), expected);
}

#[rstest]
#[case("gzip", 415)]
#[case("GZIP", 415)]
#[case("br, gzip", 415)]
#[case("made-up", 415)]
#[case("", 415)]
#[case("identity", 200)]
#[tokio::test]
async fn an_encoded_body_is_refused_with_the_encoding_that_is_read(
    #[case] encoding: &str,
    #[case] status: u16,
) {
    let library = Library::start().await;
    let request = http::Request::put("/v1/books/7").header("content-type", "application/json");
    let request = request.header("content-encoding", encoding);
    let answer = library.send(request.body(Full::from("{}")).unwrap()).await;
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("accept-encoding"), (status == 415).then_some("identity"));
}

#[rstest]
#[case("2016-12-31T23:59:60Z", Some("2017-01-01T00:00:00Z"))]
#[case("2017-01-01T08:59:60.5+09:00", Some("2017-01-01T00:00:00.500Z"))]
#[case("1972-06-30T23:59:60Z", Some("1972-07-01T00:00:00Z"))]
#[case("2017-12-31T23:59:60Z", None)]
#[case("2016-12-31T23:58:60Z", None)]
#[case("2016-12-31T23:59:60+01:00", None)]
#[case("2026-11-29T08:00:60Z", None)]
#[case("2016-12-31T23:59:61Z", None)]
#[case("2016-12-31T24:00:00Z", None)]
#[case("2016-12-31T23:60:00Z", None)]
#[tokio::test]
async fn second_60_is_read_where_a_leap_second_was(#[case] sent: &str, #[case] read: Option<&str>) {
    let library = Library::start().await;
    let answer = library.json("POST", "/v1/kinds", &json!({ "timestamp": sent }).to_string()).await;
    match read {
        Some(read) => assert_eq!(answer.json()["timestamp"], read),
        None => assert!(answer.violations()[0].starts_with("timestamp: must be a time"), "{answer:?}"),
    }
}
