//! `ChangePassword`.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tonic::Code;

use crate::fixture::{PASSWORD, Service, reason};

const NEW: &str = "a password of my own";

#[tokio::test]
async fn the_new_password_counts_and_all_other_sessions_end() {
    let service = Service::start().await;
    let mine = service.open_account("anna@example.org").await;
    let other = service.login("anna@example.org", PASSWORD).await.unwrap();
    service.change_password(&mine.access_token, PASSWORD, NEW).await.unwrap();

    service.get_me(&mine.access_token).await.unwrap();
    service.refresh(&mine.refresh_token).await.unwrap();
    assert_eq!(reason(&service.get_me(&other.access_token).await.unwrap_err()), "TOKEN_INVALID");
    assert_eq!(reason(&service.refresh(&other.refresh_token).await.unwrap_err()), "TOKEN_INVALID");
    service.login("anna@example.org", PASSWORD).await.unwrap_err();
    service.login("anna@example.org", NEW).await.unwrap();
    let changed: Vec<proto::PasswordChanged> = service.events().await;
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].reason(), proto::PasswordChangeReason::Changed);
    service.stop().await;
}

#[tokio::test]
async fn a_wrong_old_password_changes_nothing_and_signs_nobody_out() {
    let service = Service::start().await;
    let mine = service.open_account("anna@example.org").await;
    let other = service.login("anna@example.org", PASSWORD).await.unwrap();
    let status = service.change_password(&mine.access_token, "wrong password", NEW).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "CREDENTIALS_INVALID"));
    service.get_me(&mine.access_token).await.unwrap();
    service.get_me(&other.access_token).await.unwrap();
    service.login("anna@example.org", PASSWORD).await.unwrap();
    assert_eq!(service.events::<proto::PasswordChanged>().await.len(), 0);
    service.stop().await;
}

#[tokio::test]
async fn the_same_change_within_its_minute_succeeds_again_and_changes_nothing() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    service.change_password(&token, PASSWORD, NEW).await.unwrap();
    service.clock.advance(TimeDelta::seconds(59));
    service.change_password(&token, PASSWORD, NEW).await.unwrap();
    let status = service.change_password(&token, PASSWORD, "quite another phrase").await.unwrap_err();
    assert_eq!(reason(&status), "CREDENTIALS_INVALID");
    assert_eq!(service.events::<proto::PasswordChanged>().await.len(), 1);
    service.clock.advance(TimeDelta::seconds(1));
    let status = service.change_password(&token, PASSWORD, NEW).await.unwrap_err();
    assert_eq!(reason(&status), "CREDENTIALS_INVALID");
    service.stop().await;
}

#[tokio::test]
async fn of_two_changes_at_once_one_wins() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let (one, two) = tokio::join!(
        service.change_password(&token, PASSWORD, "the password of one"),
        service.change_password(&token, PASSWORD, "the password of two"),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(service.events::<proto::PasswordChanged>().await.len(), 1);
    service.stop().await;
}
