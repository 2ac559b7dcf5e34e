//! `ForgotPassword` and `ResetPassword`.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::fixture::{PASSWORD, Service, reason};

const NEW: &str = "a password of my own";

fn assert_refused(status: &Status) {
    assert_eq!((status.code(), reason(status).as_str()), (Code::InvalidArgument, "RESET_TOKEN_INVALID"));
}

#[tokio::test]
async fn the_mailed_link_changes_the_password_and_ends_all_sessions() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let other = service.login("anna@example.org", PASSWORD).await.unwrap();
    service.forgot_password("ANNA@example.org").await.unwrap();
    service.reset_password(&service.last_link().await, NEW).await.unwrap();

    for token in [&opened.access_token, &other.access_token] {
        assert_eq!(reason(&service.get_me(token).await.unwrap_err()), "TOKEN_INVALID");
    }
    assert_eq!(reason(&service.refresh(&other.refresh_token).await.unwrap_err()), "TOKEN_INVALID");
    service.login("anna@example.org", PASSWORD).await.unwrap_err();
    service.login("anna@example.org", NEW).await.unwrap();
    let changed: Vec<proto::PasswordChanged> = service.events().await;
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].reason(), proto::PasswordChangeReason::Reset);
    assert_eq!(changed[0].user_id, opened.user.unwrap().user_id);
    service.stop().await;
}

#[tokio::test]
async fn a_link_works_once() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    service.forgot_password("anna@example.org").await.unwrap();
    let link = service.last_link().await;
    let mut uses = JoinSet::new();
    for number in 0..4 {
        let mut auth = service.auth.clone();
        let new_password = format!("a password of my own {number}");
        let request = proto::ResetPasswordRequest { token: link.clone(), new_password };
        uses.spawn(async move { auth.reset_password(request).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = uses.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for outcome in lost {
        assert_refused(&outcome.unwrap_err());
    }
    assert_refused(&service.reset_password(&link, NEW).await.unwrap_err());
    assert_eq!(service.events::<proto::PasswordChanged>().await.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn a_link_works_until_thirty_minutes_have_passed() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    service.open_account("ben@example.org").await;
    service.forgot_password("anna@example.org").await.unwrap();
    service.forgot_password("ben@example.org").await.unwrap();
    let links: Vec<proto::PasswordResetRequested> = service.events().await;
    service.clock.advance(TimeDelta::minutes(30) - TimeDelta::seconds(1));
    service.reset_password(&service.open_link(&links[0]), NEW).await.unwrap();
    service.clock.advance(TimeDelta::seconds(1));
    assert_refused(&service.reset_password(&service.open_link(&links[1]), NEW).await.unwrap_err());
    service.login("ben@example.org", PASSWORD).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_newer_link_supersedes_the_older() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    service.forgot_password("anna@example.org").await.unwrap();
    let older = service.last_link().await;
    service.forgot_password("anna@example.org").await.unwrap();
    assert_eq!(service.events::<proto::PasswordResetRequested>().await.len(), 2);
    assert_refused(&service.reset_password(&older, NEW).await.unwrap_err());
    service.reset_password(&service.last_link().await, NEW).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn the_same_reset_within_its_minute_succeeds_again_and_changes_nothing() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    service.forgot_password("anna@example.org").await.unwrap();
    let link = service.last_link().await;
    service.reset_password(&link, NEW).await.unwrap();
    let events = service.outbox().await.len();
    service.clock.advance(TimeDelta::seconds(59));
    service.reset_password(&link, NEW).await.unwrap();
    assert_refused(&service.reset_password(&link, "quite another phrase").await.unwrap_err());
    assert_eq!(service.outbox().await.len(), events);
    service.clock.advance(TimeDelta::seconds(1));
    assert_refused(&service.reset_password(&link, NEW).await.unwrap_err());
    service.stop().await;
}

#[tokio::test]
async fn an_unproved_address_and_an_unknown_one_get_no_link() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let before = service.outbox().await.len();
    service.forgot_password("anna@example.org").await.unwrap();
    service.forgot_password("nobody@example.org").await.unwrap();
    assert_eq!(service.outbox().await.len(), before);
    service.stop().await;
}

#[tokio::test]
async fn an_invented_token_is_refused() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    for invented in ["x", &"A".repeat(43)] {
        assert_refused(&service.reset_password(invented, NEW).await.unwrap_err());
    }
    service.stop().await;
}

#[tokio::test]
async fn the_token_of_a_link_is_readable_nowhere() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    service.forgot_password("anna@example.org").await.unwrap();
    let link = service.last_link().await;
    assert_eq!(service.tables_with(&link).await, Vec::<String>::new());
    service.stop().await;
}
