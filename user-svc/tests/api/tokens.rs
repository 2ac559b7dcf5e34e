//! Access tokens and their public keys.

use chassis::auth::Verifier;
use tonic::Code;

use crate::fixture::{ISSUER, Service, reason};

#[tokio::test]
async fn the_published_keys_verify_a_token() {
    let service = Service::start().await;
    let answer = service.open_account("anna@example.org").await;
    let request = fitness_proto::fitness::user::v1::GetKeySetRequest {};
    let document = service.auth.clone().get_key_set(request).await.unwrap().into_inner();
    assert_eq!(document.content_type, "application/jwk-set+json");
    let keys = serde_json::from_slice(&document.data).unwrap();
    let principal = Verifier::new(&keys, ISSUER).unwrap().verify(&answer.access_token).await.unwrap();
    assert_eq!(principal.sub.to_string(), answer.user.unwrap().user_id);
    assert_eq!(principal.roles, ["athlete"]);
    service.stop().await;
}

#[tokio::test]
async fn without_a_good_token_there_is_no_account_to_see() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let missing =
        service.users.clone().get_me(fitness_proto::fitness::user::v1::GetMeRequest {}).await.unwrap_err();
    assert_eq!((missing.code(), reason(&missing).as_str()), (Code::Unauthenticated, "TOKEN_MISSING"));
    for forged in ["x", "a.b.c", &token[..token.len() - 2], &format!("{token}A")] {
        let status = service.get_me(forged).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unauthenticated, "TOKEN_INVALID"),
            "{forged}"
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn a_token_that_outlives_its_account_is_not_valid() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    sqlx::query("DELETE FROM users").execute(&service.pool).await.unwrap();
    let status = service.get_me(&token).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
    service.stop().await;
}
