//! Refresh: rotation, and what happens to a family of which a token comes twice.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::fixture::{Service, reason};

fn assert_refused(status: &Status) {
    assert_eq!((status.code(), reason(status).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
}

#[tokio::test]
async fn a_refresh_answers_new_tokens_of_the_same_session() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let answer = service.refresh(&opened.refresh_token).await.unwrap();
    assert_eq!((answer.token_type.as_str(), answer.expires_in), ("Bearer", 900));
    assert_ne!(answer.refresh_token, opened.refresh_token);
    assert_eq!(answer.user, opened.user);
    assert_eq!(service.get_me(&answer.access_token).await.unwrap(), answer.user.unwrap());
    assert_eq!(service.sessions(&answer.access_token).await.unwrap().len(), 1);
    service.refresh(&answer.refresh_token).await.unwrap();
    assert_eq!(service.count("SELECT max(generation)::bigint FROM refresh_tokens").await, 3);
    service.stop().await;
}

#[tokio::test]
async fn a_used_token_ends_the_session_with_all_its_tokens_and_no_other_session() {
    let service = Service::start().await;
    let first = service.open_account("anna@example.org").await;
    let other = service.login("anna@example.org", crate::fixture::PASSWORD).await.unwrap();
    let second = service.refresh(&first.refresh_token).await.unwrap();
    let third = service.refresh(&second.refresh_token).await.unwrap();

    assert_refused(&service.refresh(&first.refresh_token).await.unwrap_err());
    assert_refused(&service.refresh(&third.refresh_token).await.unwrap_err());
    for token in [&first.access_token, &second.access_token, &third.access_token] {
        assert_refused(&service.get_me(token).await.unwrap_err());
    }
    service.get_me(&other.access_token).await.unwrap();
    service.refresh(&other.refresh_token).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn refreshes_with_one_token_at_once_or_within_its_minute_get_the_same_next_one() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let mut refreshes = JoinSet::new();
    for _ in 0..8 {
        let mut auth = service.auth.clone();
        let request = proto::RefreshRequest { refresh_token: opened.refresh_token.clone() };
        refreshes.spawn(async move { auth.refresh(request).await.unwrap().into_inner().refresh_token });
    }
    let mut answers = refreshes.join_all().await;
    service.clock.advance(TimeDelta::seconds(59));
    answers.push(service.refresh(&opened.refresh_token).await.unwrap().refresh_token);
    assert!(answers.iter().all(|token| *token == answers[0]));
    assert_eq!(service.count("SELECT max(generation)::bigint FROM refresh_tokens").await, 2);
    service.refresh(&answers[0]).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_used_token_ends_the_session_after_its_minute_or_once_the_next_one_was_used() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let next = service.refresh(&opened.refresh_token).await.unwrap();
    service.clock.advance(TimeDelta::seconds(60));
    assert_refused(&service.refresh(&opened.refresh_token).await.unwrap_err());
    assert_refused(&service.refresh(&next.refresh_token).await.unwrap_err());

    let other = service.login("anna@example.org", crate::fixture::PASSWORD).await.unwrap();
    let second = service.refresh(&other.refresh_token).await.unwrap();
    let third = service.refresh(&second.refresh_token).await.unwrap();
    assert_refused(&service.refresh(&other.refresh_token).await.unwrap_err());
    assert_refused(&service.refresh(&third.refresh_token).await.unwrap_err());
    service.stop().await;
}

#[tokio::test]
async fn a_session_lives_as_long_as_it_is_refreshed_and_not_a_moment_longer() {
    let service = Service::start().await;
    let mut token = service.open_account("anna@example.org").await.refresh_token;
    for _ in 0..3 {
        service.clock.advance(TimeDelta::days(29));
        token = service.refresh(&token).await.unwrap().refresh_token;
    }
    service.clock.advance(TimeDelta::days(30));
    assert_refused(&service.refresh(&token).await.unwrap_err());
    service.stop().await;
}

#[tokio::test]
async fn an_invented_token_is_refused() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    for invented in ["x", &"A".repeat(43), &opened.access_token[..100]] {
        assert_refused(&service.refresh(invented).await.unwrap_err());
    }
    service.refresh(&opened.refresh_token).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_refresh_carries_the_roles_of_the_moment() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    service.make_admin(&opened.user.unwrap().user_id).await;
    let user = service.refresh(&opened.refresh_token).await.unwrap().user.unwrap();
    assert_eq!(user.roles().collect::<Vec<_>>(), [proto::Role::Athlete, proto::Role::Admin]);
    service.stop().await;
}
