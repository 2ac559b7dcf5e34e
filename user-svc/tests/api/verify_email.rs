//! `VerifyEmail`.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tokio::task::JoinSet;

use crate::fixture::{Service, other_code, reason};

#[tokio::test]
async fn the_mailed_code_proves_the_address_and_signs_in() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let answer = service.verify("Anna@example.org", &service.last_code().await).await.unwrap();

    assert_eq!((answer.token_type.as_str(), answer.expires_in), ("Bearer", 900));
    assert_eq!(answer.refresh_token.len(), 43);
    let user = answer.user.unwrap();
    assert!(user.email_verified);
    assert_eq!(user.roles().collect::<Vec<_>>(), [proto::Role::Athlete]);
    let verified: Vec<proto::EmailVerified> = service.events().await;
    assert_eq!(verified.len(), 1);
    assert_eq!(verified[0].user_id, user.user_id);
    assert_eq!(service.get_me(&answer.access_token).await.unwrap(), user);
    service.stop().await;
}

#[tokio::test]
async fn the_refresh_token_is_stored_by_its_hash_only() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.refresh_token;
    let stored: String = sqlx::query_scalar(
        "SELECT row_to_json(refresh_tokens)::text || encode(token_hash, 'escape') FROM refresh_tokens",
    )
    .fetch_one(&service.pool)
    .await
    .unwrap();
    assert!(!stored.contains(&token));
    service.stop().await;
}

#[tokio::test]
async fn a_code_works_once() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    let again = service.verify("anna@example.org", &service.last_code().await).await.unwrap_err();
    assert_eq!(reason(&again), "CODE_INVALID");
    assert_eq!(service.count("SELECT count(*) FROM sessions").await, 1);
    service.stop().await;
}

#[tokio::test]
async fn of_two_uses_at_once_one_wins() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let code = service.last_code().await;
    let mut uses = JoinSet::new();
    for _ in 0..4 {
        let mut auth = service.auth.clone();
        let request = proto::VerifyEmailRequest { email: "anna@example.org".to_owned(), code: code.clone() };
        uses.spawn(async move { auth.verify_email(request).await.is_ok() });
    }
    let won = uses.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    assert_eq!(service.events::<proto::EmailVerified>().await.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn after_four_wrong_tries_the_right_code_still_works() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let code = service.last_code().await;
    for _ in 0..4 {
        service.verify("anna@example.org", &other_code(&code)).await.unwrap_err();
    }
    service.verify("anna@example.org", &code).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn after_five_wrong_tries_made_at_once_the_right_code_does_not_work() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let code = service.last_code().await;
    let mut tries = JoinSet::new();
    for _ in 0..5 {
        let mut auth = service.auth.clone();
        let request =
            proto::VerifyEmailRequest { email: "anna@example.org".to_owned(), code: other_code(&code) };
        tries.spawn(async move { auth.verify_email(request).await.is_err() });
    }
    assert!(tries.join_all().await.into_iter().all(|failed| failed));
    let status = service.verify("anna@example.org", &code).await.unwrap_err();
    assert_eq!(reason(&status), "CODE_INVALID");
    service.stop().await;
}

#[tokio::test]
async fn a_code_works_until_fifteen_minutes_have_passed() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    service.register("ben@example.org").await.unwrap();
    let codes: Vec<proto::OneTimeCodeIssued> = service.events().await;
    service.clock.advance(TimeDelta::minutes(15) - TimeDelta::seconds(1));
    service.verify("anna@example.org", &service.open_code(&codes[0])).await.unwrap();
    service.clock.advance(TimeDelta::seconds(1));
    let status = service.verify("ben@example.org", &service.open_code(&codes[1])).await.unwrap_err();
    assert_eq!(reason(&status), "CODE_INVALID");
    service.stop().await;
}

#[tokio::test]
async fn a_code_of_one_account_does_not_work_for_another() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    let code = service.last_code().await;
    service.register("ben@example.org").await.unwrap();
    if service.last_code().await != code {
        service.verify("ben@example.org", &code).await.unwrap_err();
    }
    service.stop().await;
}
