//! gRPC as grpcurl uses it: reflection, health, calls.

use std::collections::BTreeSet;
use std::time::Duration;

use fitness_proto::fitness::user::v1::RegisterRequest;
use fitness_proto::fitness::user::v1::auth_service_client::AuthServiceClient;
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::harness::{Account, shared};

async fn user_svc() -> Channel {
    let address = format!("http://{}", shared().await.user_svc());
    Endpoint::from_shared(address).unwrap().connect().await.unwrap()
}

async fn reflect(request: MessageRequest) -> MessageResponse {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let mut client = ServerReflectionClient::new(user_svc().await);
    let answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    answers.into_inner().next().await.unwrap().unwrap().message_response.unwrap()
}

#[tokio::test]
async fn reflection_lists_what_the_port_serves_and_nothing_else() {
    let MessageResponse::ListServicesResponse(list) =
        reflect(MessageRequest::ListServices(String::new())).await
    else {
        panic!("no list of services");
    };
    let names: BTreeSet<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    let expected = [
        "fitness.user.v1.AuthService",
        "fitness.user.v1.EndedSessionService",
        "fitness.user.v1.FileService",
        "fitness.user.v1.UserService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    // Each of them can be described, and so can the details of an error.
    let details = ["google.rpc.ErrorInfo", "google.rpc.BadRequest", "google.rpc.RetryInfo"];
    for symbol in expected.into_iter().chain(details) {
        let answer = reflect(MessageRequest::FileContainingSymbol(symbol.to_owned())).await;
        assert!(matches!(answer, MessageResponse::FileDescriptorResponse(_)), "{symbol}: {answer:?}");
    }
}

#[tokio::test]
async fn health_says_serving() {
    let mut client = HealthClient::new(user_svc().await);
    for service in ["", "fitness.user.v1.AuthService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = client.check(request).await.unwrap();
        assert_eq!(answer.get_ref().status(), ServingStatus::Serving, "{service:?}");
    }
}

#[tokio::test]
async fn register_works_by_grpc_and_breaks_by_the_same_rules() {
    let mut client = AuthServiceClient::new(user_svc().await);
    let account = Account::new("en");
    let request = RegisterRequest {
        email: account.email.clone(),
        password: account.password.clone(),
        display_name: "Ann Example".to_owned(),
        ..RegisterRequest::default()
    };
    client.register(request.clone()).await.unwrap();
    shared().await.inbox().wait_for(&account.email, 1, Duration::from_secs(10)).await;

    let broken = RegisterRequest { email: "a@b\r\nBcc: c@d".to_owned(), ..request };
    assert_eq!(client.register(broken).await.unwrap_err().code(), Code::InvalidArgument);
}
