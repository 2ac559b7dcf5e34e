//! `RequestLoginCode` and `LoginWithCode`.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tokio::task::JoinSet;

use crate::fixture::{Service, other_code, reason};

#[tokio::test]
async fn the_mailed_code_signs_in_once() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    service.request_login_code("ANNA@example.org").await.unwrap();
    let issued: Vec<proto::OneTimeCodeIssued> = service.events().await;
    assert_eq!(issued[1].purpose(), proto::CodePurpose::Login);
    let code = service.last_code().await;

    let answer = service.login_with_code("Anna@example.org", &code).await.unwrap();
    assert_eq!((answer.token_type.as_str(), answer.expires_in), ("Bearer", 900));
    assert_eq!(answer.user, opened.user);
    service.get_me(&answer.access_token).await.unwrap();
    service.refresh(&answer.refresh_token).await.unwrap();
    let again = service.login_with_code("anna@example.org", &code).await.unwrap_err();
    assert_eq!(reason(&again), "CODE_INVALID");
    service.stop().await;
}

#[tokio::test]
async fn a_code_serves_only_what_it_was_issued_for() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let verifies = service.last_code().await;
    let status = service.login_with_code("anna@example.org", &verifies).await.unwrap_err();
    assert_eq!(reason(&status), "CODE_INVALID");
    service.verify("anna@example.org", &verifies).await.unwrap();

    service.request_login_code("anna@example.org").await.unwrap();
    let signs_in = service.last_code().await;
    if signs_in != verifies {
        let status = service.verify("anna@example.org", &signs_in).await.unwrap_err();
        assert_eq!(reason(&status), "CODE_INVALID");
    }
    service.login_with_code("anna@example.org", &signs_in).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn an_unproved_address_and_an_unknown_one_get_no_code() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let before = service.outbox().await.len();
    service.request_login_code("anna@example.org").await.unwrap();
    service.request_login_code("nobody@example.org").await.unwrap();
    assert_eq!(service.outbox().await.len(), before);
    service.stop().await;
}

#[tokio::test]
async fn a_newer_code_supersedes_the_older() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    service.request_login_code("anna@example.org").await.unwrap();
    let older = service.last_code().await;
    service.request_login_code("anna@example.org").await.unwrap();
    let newer = service.last_code().await;
    if older != newer {
        service.login_with_code("anna@example.org", &older).await.unwrap_err();
    }
    service.login_with_code("anna@example.org", &newer).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_code_lives_for_fifteen_minutes_and_five_tries() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    service.open_account("ben@example.org").await;
    service.request_login_code("anna@example.org").await.unwrap();
    let code = service.last_code().await;
    for _ in 0..5 {
        service.login_with_code("anna@example.org", &other_code(&code)).await.unwrap_err();
    }
    let status = service.login_with_code("anna@example.org", &code).await.unwrap_err();
    assert_eq!(reason(&status), "CODE_INVALID");

    service.request_login_code("ben@example.org").await.unwrap();
    let code = service.last_code().await;
    service.clock.advance(TimeDelta::minutes(15));
    let status = service.login_with_code("ben@example.org", &code).await.unwrap_err();
    assert_eq!(reason(&status), "CODE_INVALID");
    service.stop().await;
}

#[tokio::test]
async fn of_two_uses_at_once_one_wins() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    service.request_login_code("anna@example.org").await.unwrap();
    let code = service.last_code().await;
    let mut uses = JoinSet::new();
    for _ in 0..4 {
        let mut auth = service.auth.clone();
        let (email, code) = ("anna@example.org".to_owned(), code.clone());
        let request = proto::LoginWithCodeRequest { email, code };
        uses.spawn(async move { auth.login_with_code(request).await.is_ok() });
    }
    assert_eq!(uses.join_all().await.into_iter().filter(|won| *won).count(), 1);
    service.stop().await;
}
