//! Login.

use user_svc::password::PasswordConfig;

use crate::fixture::{Options, PASSWORD, Service, cheap_passwords, reason, within};

#[tokio::test]
async fn address_and_password_open_a_session_of_their_own() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let answer = service.login("Anna@Example.org", PASSWORD).await.unwrap();
    assert_eq!(answer.user, opened.user);
    assert_eq!((answer.token_type.as_str(), answer.expires_in), ("Bearer", 900));
    assert_ne!(answer.refresh_token, opened.refresh_token);
    assert_eq!(service.get_me(&answer.access_token).await.unwrap(), answer.user.unwrap());
    assert_eq!(
        service.count("SELECT count(DISTINCT session_id) FROM refresh_tokens WHERE generation = 1").await,
        2
    );
    service.stop().await;
}

#[tokio::test]
async fn an_unproved_address_is_told_so_only_with_the_right_password() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let right = service.login("anna@example.org", PASSWORD).await.unwrap_err();
    assert_eq!(
        (right.code(), reason(&right).as_str()),
        (tonic::Code::PermissionDenied, "EMAIL_NOT_VERIFIED")
    );
    let wrong = service.login("anna@example.org", "wrong password").await.unwrap_err();
    assert_eq!(
        (wrong.code(), reason(&wrong).as_str()),
        (tonic::Code::Unauthenticated, "CREDENTIALS_INVALID")
    );
    assert_eq!(service.count("SELECT count(*) FROM sessions").await, 0);
    service.stop().await;
}

#[tokio::test]
async fn a_hash_with_outdated_parameters_is_renewed_at_login() {
    let options = Options::usual().await;
    let database_url = options.database_url.clone();
    let older = Service::start_with(options).await;
    within("the service to be ready", older.health.ready()).await;
    older.open_account("anna@example.org").await;

    let passwords = PasswordConfig { iterations: 2, ..cheap_passwords() };
    let newer = Service::start_with(Options { passwords, ..Options::on(database_url) }).await;
    within("the service to be ready", newer.health.ready()).await;
    let hash = "SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=64,t=2,p=1$%'";
    newer.login("anna@example.org", "wrong password").await.unwrap_err();
    assert_eq!(newer.count(hash).await, 0);
    newer.login("anna@example.org", PASSWORD).await.unwrap();
    assert_eq!(newer.count(hash).await, 1);
    newer.login("anna@example.org", PASSWORD).await.unwrap();
    newer.stop_keeping_database().await;
    older.stop().await;
}

#[tokio::test]
async fn sign_ins_at_once_that_all_renew_the_hash_all_succeed() {
    let options = Options::usual().await;
    let database_url = options.database_url.clone();
    let older = Service::start_ready(options).await;
    older.open_account("anna@example.org").await;
    let passwords = PasswordConfig { iterations: 2, ..cheap_passwords() };
    let newer = Service::start_ready(Options { passwords, ..Options::on(database_url) }).await;
    let sign_in = || newer.login("anna@example.org", PASSWORD);
    let (one, two, three) = tokio::join!(sign_in(), sign_in(), sign_in());
    for outcome in [one, two, three] {
        outcome.unwrap();
    }
    newer.stop_keeping_database().await;
    older.stop().await;
}
