use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use rstest::rstest;
use serde_json::json;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::ServiceExt as _;

use crate::library::{Answer, Library, Reply, builder, request};

async fn answer_to(status: Status) -> Answer {
    let library = Library::start().await;
    library.reply(Reply::Status(status));
    library.get("/v1/books/b").await
}

#[rstest]
#[case(Code::Cancelled, 499, "CANCELLED")]
#[case(Code::Unknown, 500, "INTERNAL")]
#[case(Code::InvalidArgument, 400, "INVALID_ARGUMENT")]
#[case(Code::DeadlineExceeded, 504, "DEADLINE_EXCEEDED")]
#[case(Code::NotFound, 404, "NOT_FOUND")]
#[case(Code::AlreadyExists, 409, "ALREADY_EXISTS")]
#[case(Code::PermissionDenied, 403, "PERMISSION_DENIED")]
#[case(Code::ResourceExhausted, 429, "RESOURCE_EXHAUSTED")]
#[case(Code::FailedPrecondition, 409, "FAILED_PRECONDITION")]
#[case(Code::Aborted, 409, "ABORTED")]
#[case(Code::OutOfRange, 400, "OUT_OF_RANGE")]
#[case(Code::Unimplemented, 501, "UNIMPLEMENTED")]
#[case(Code::Internal, 500, "INTERNAL")]
#[case(Code::Unavailable, 503, "UNAVAILABLE")]
#[case(Code::DataLoss, 500, "INTERNAL")]
#[case(Code::Unauthenticated, 401, "UNAUTHENTICATED")]
#[tokio::test]
async fn each_grpc_code_has_its_status(#[case] code: Code, #[case] status: u16, #[case] name: &str) {
    let answer = answer_to(Status::new(code, "the words of the service")).await;
    let problem = answer.json();
    assert_eq!(answer.status, status);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(u64::from(status)), Some(name)));
    assert_eq!(answer.text().contains("the words of the service"), status != 500);
    assert_eq!(answer.header("www-authenticate"), (status == 401).then_some("Bearer"));
}

#[tokio::test]
async fn details_become_code_violations_and_retry_after() {
    let mut details = ErrorDetails::new();
    details
        .set_error_info("TOO_MANY_BOOKS", "library", [])
        .add_bad_request_violation("book.title", "is taken")
        .set_retry_info(Some(Duration::from_millis(1200)));
    let status = Status::with_error_details(Code::ResourceExhausted, "Enough for now.", details);
    let library = Library::start().await;
    library.reply(Reply::Status(status));
    let request = http::Request::get("/v1/books/b").header("x-request-id", "r1");
    let answer = library.send(request.body(Full::default()).unwrap()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("2")));
    let expected = json!({
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Enough for now.",
        "code": "TOO_MANY_BOOKS",
        "request_id": "r1",
        "violations": [{"field": "book.title", "description": "is taken"}],
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn our_own_problems_have_the_request_id_too() {
    let library = Library::start().await;
    for path in ["/nowhere", "/v1/books/b?x=1"] {
        let request = http::Request::get(path).header("x-request-id", "r1");
        assert_eq!(library.send(request.body(Full::default()).unwrap()).await.json()["request_id"], "r1");
    }
}

#[tokio::test]
async fn details_that_cannot_be_read_are_ignored() {
    let status =
        Status::with_details(Code::NotFound, "No such book.", bytes::Bytes::from_static(b"\xff\xff"));
    let answer = answer_to(status).await;
    assert_eq!((answer.status, answer.json()["detail"].as_str()), (404, Some("No such book.")));
}

#[tokio::test]
async fn a_service_that_is_away_is_503_and_its_address_is_not_shown() {
    // A port that was free a moment ago: nobody listens.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    let transcoder = builder(channel).build().unwrap();
    let response = transcoder.oneshot(request("GET", "/v1/books/b", None)).await.unwrap();
    assert_eq!(response.status(), 503);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = std::str::from_utf8(&body).unwrap();
    assert!(text.contains("UNAVAILABLE") && !text.contains(&address.port().to_string()), "{text}");
}

#[tokio::test]
async fn a_service_that_hangs_up_is_503() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await.unwrap());
        }
    });
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    let transcoder = builder(channel).build().unwrap();
    let response = transcoder.oneshot(request("GET", "/v1/books/b", None)).await.unwrap();
    assert_eq!(response.status(), 503);
}
