use std::time::Duration;

use http_body_util::Full;
use serde_json::json;
use tonic::metadata::MetadataMap;

use crate::library::{Library, Reply};

#[tokio::test]
async fn identity_trace_and_own_metadata_reach_the_service_and_nothing_else() {
    let library = Library::start_with(|builder| builder.forward_header("accept-language")).await;
    let request = http::Request::get("/v1/books/b")
        .header("authorization", "Bearer token")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("x-request-id", "r1")
        .header("accept-language", "fi")
        .header("grpc-metadata-tenant", "blue")
        .header("grpc-metadata-te", "gzip")
        .header("cookie", "secret")
        .header("connection", "close");
    assert_eq!(library.send(request.body(Full::default()).unwrap()).await.status, 200);
    let headers = library.call().headers;
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("authorization"), Some("Bearer token"));
    assert_eq!(header("traceparent"), Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    assert_eq!(header("x-request-id"), Some("r1"));
    assert_eq!(header("accept-language"), Some("fi"));
    assert_eq!(header("tenant"), Some("blue"));
    assert_eq!(header("te"), Some("trailers"));
    assert_eq!((header("cookie"), header("connection")), (None, None));
}

#[tokio::test]
async fn listed_metadata_of_the_answer_becomes_headers() {
    let library = Library::start_with(|builder| builder.return_metadata("etag")).await;
    let mut metadata = MetadataMap::new();
    metadata.insert("etag", "\"7\"".parse().unwrap());
    metadata.insert("internal", "x".parse().unwrap());
    library.reply(Reply::MessageWithMetadata(json!({}), metadata));
    let answer = library.get("/v1/books/b").await;
    assert_eq!((answer.header("etag"), answer.header("internal")), (Some("\"7\""), None));
}

#[tokio::test]
async fn the_deadline_travels_with_the_call() {
    let library = Library::start_with(|builder| builder.max_timeout(Duration::from_secs(40))).await;
    for (asked, at_most) in [(None, 20), (Some("30S"), 30), (Some("1H"), 40), (Some("1500m"), 2)] {
        let mut request = http::Request::get("/v1/books/b");
        if let Some(asked) = asked {
            request = request.header("grpc-timeout", asked);
        }
        assert_eq!(library.send(request.body(Full::default()).unwrap()).await.status, 200);
        let sent = library.call().headers["grpc-timeout"].to_str().unwrap().to_owned();
        let (amount, unit) = sent.split_at(sent.len() - 1);
        let per_second = match unit {
            "n" => 1_000_000_000,
            "u" => 1_000_000,
            "m" => 1_000,
            "S" => 1,
            _ => panic!("{sent}"),
        };
        let seconds = amount.parse::<u64>().unwrap() / per_second;
        assert!((at_most - 2..=at_most).contains(&seconds), "{asked:?} became {sent}");
    }
}

#[tokio::test]
async fn a_deadline_that_cannot_be_read_is_refused() {
    let library = Library::start().await;
    let request = http::Request::get("/v1/books/b").header("grpc-timeout", "soon");
    let answer = library.send(request.body(Full::default()).unwrap()).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["violations"][0]["field"], "grpc-timeout");
}

#[tokio::test]
async fn a_service_that_does_not_answer_in_time_is_504() {
    let library = Library::start_with(|builder| builder.default_timeout(Duration::from_millis(50))).await;
    library.reply(Reply::Never);
    let answer = library.get("/v1/books/b").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (504, Some("DEADLINE_EXCEEDED")));
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_408() {
    let library = Library::start_with(|builder| builder.default_timeout(Duration::from_millis(50))).await;
    let request = http::Request::put("/v1/books/7").header("content-type", "application/json");
    let body = http_body_util::StreamBody::new(futures::stream::pending::<
        Result<http_body::Frame<bytes::Bytes>, std::convert::Infallible>,
    >());
    let response =
        tower::ServiceExt::oneshot(library.transcoder.clone(), request.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), 408);
}
