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

#[tokio::test]
async fn reflection_lists_the_services() {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(user_svc().await);
    let answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    let answer = answers.into_inner().next().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("no list of services");
    };
    let names: BTreeSet<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["fitness.user.v1.AuthService", "fitness.user.v1.UserService", "grpc.health.v1.Health"] {
        assert!(names.contains(name), "{name} is not in {names:?}");
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
