//! Nobody learns from an answer whether an address has an account, nor from the log what is secret.

use chrono::TimeDelta;
use tonic::Status;

use user_svc::rate_limit::RateLimits;

use crate::fixture::{Options, PASSWORD, Service, other_code, reason, wide_limits};
use crate::statements;

const NEW: &str = "new@example.org";
const UNKNOWN: &str = "unknown@example.org";
const UNPROVED: &str = "unproved@example.org";
const PROVED: &str = "proved@example.org";
const NEW_PASSWORD: &str = "another horse battery";
const NEWEST_PASSWORD: &str = "the third horse battery";

/// A service with a proved and an unproved account, and a code that is wrong for the latter.
async fn start() -> (Service, String) {
    let service = Service::start().await;
    service.open_account(PROVED).await;
    service.register(UNPROVED).await.unwrap();
    let wrong = other_code(&service.last_code().await);
    (service, wrong)
}

/// Everything of a status that goes over the wire.
fn bytes(status: &Status) -> (i32, String, Vec<u8>) {
    (status.code().into(), status.message().to_owned(), status.details().to_vec())
}

#[tokio::test]
async fn registering_answers_the_same_for_every_address() {
    let (service, _) = start().await;
    let mut answers = Vec::new();
    for email in [NEW, UNPROVED, PROVED] {
        answers.push(service.register(email).await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    service.stop().await;
}

#[tokio::test]
async fn asking_for_a_code_or_a_link_answers_the_same_for_every_address() {
    let (service, _) = start().await;
    let mut answers = Vec::new();
    for email in [UNKNOWN, UNPROVED, PROVED] {
        answers.push(service.resend(email).await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    let (mut codes, mut links) = (Vec::new(), Vec::new());
    for email in [UNKNOWN, UNPROVED, PROVED] {
        codes.push(service.request_login_code(email).await.unwrap());
        links.push(service.forgot_password(email).await.unwrap());
    }
    assert!(codes.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(links.windows(2).all(|pair| pair[0] == pair[1]));
    service.stop().await;
}

#[tokio::test]
async fn a_wrong_code_answers_the_same_for_every_address() {
    let (service, wrong) = start().await;
    service.request_login_code(PROVED).await.unwrap();
    let wrong_login = other_code(&service.last_code().await);
    let mut answers = Vec::new();
    for email in [UNKNOWN, UNPROVED, PROVED] {
        for status in [
            service.verify(email, &wrong).await.unwrap_err(),
            service.login_with_code(email, &wrong_login).await.unwrap_err(),
        ] {
            let answer = (status.code(), reason(&status));
            assert_eq!(answer, (tonic::Code::InvalidArgument, "CODE_INVALID".to_owned()));
            answers.push(bytes(&status));
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    service.stop().await;
}

#[tokio::test]
async fn a_wrong_password_answers_the_same_for_every_address() {
    let (service, _) = start().await;
    let mut answers = Vec::new();
    for email in [UNKNOWN, UNPROVED, PROVED] {
        let status = service.login(email, "wrong password").await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (tonic::Code::Unauthenticated, "CREDENTIALS_INVALID")
        );
        answers.push(bytes(&status));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(service.login(PROVED, PASSWORD).await.is_ok());
    service.stop().await;
}

#[tokio::test]
async fn every_address_costs_as_many_statements_and_a_change_to_commit() {
    let (service, wrong) = start().await;
    let changes = ["INSERT", "UPDATE", "outbox.enqueue", "pg_logical_emit_message"];
    let is_change = |statement: &String| changes.iter().any(|change| statement.contains(change));
    let assert_cost = |email: &str, count: usize| {
        let cost = statements::take();
        assert_eq!(cost.len(), count, "{email}: {cost:#?}");
        assert!(cost.iter().any(is_change), "{email}: {cost:#?}");
    };
    statements::record();

    // The second time the owner was told already.
    for email in [NEW, UNPROVED, PROVED, UNPROVED, PROVED] {
        service.clock.advance(TimeDelta::minutes(1));
        service.register(email).await.unwrap();
        assert_cost(email, 7);
    }
    // What comes again within its minute costs every address the same.
    for email in [NEW, UNPROVED, PROVED] {
        service.clock.advance(TimeDelta::minutes(1));
        service.register(email).await.unwrap();
        assert_cost(email, 7);
        service.register(email).await.unwrap();
        assert_eq!(statements::take().len(), 2, "{email}");
    }
    service.clock.advance(TimeDelta::minutes(2));
    // The second time the limit is reached.
    for email in [UNKNOWN, UNPROVED, UNPROVED, PROVED, PROVED] {
        service.resend(email).await.unwrap();
        assert_cost(email, 4);
        service.request_login_code(email).await.unwrap();
        assert_cost(email, 4);
        service.forgot_password(email).await.unwrap();
        assert_cost(email, 4);
    }
    let wrong_login = other_code(&service.last_code().await);
    for email in [UNKNOWN, UNPROVED, PROVED] {
        service.verify(email, &wrong).await.unwrap_err();
        assert_cost(email, 4);
        service.login_with_code(email, &wrong_login).await.unwrap_err();
        assert_cost(email, 4);
        service.login(email, "wrong password").await.unwrap_err();
        assert_cost(email, 3);
    }
    service.stop().await;
}

#[tokio::test]
async fn over_a_limit_every_address_costs_as_many_statements() {
    let limits = RateLimits { sign_ins_per_address: 1, mails_per_address: 1, ..wide_limits() };
    let service = Service::start_ready(Options::limited(limits).await).await;
    service.open_account(PROVED).await;
    statements::record();
    for email in [UNKNOWN, PROVED] {
        service.login(email, "wrong password").await.unwrap_err();
        service.forgot_password(email).await.unwrap();
        statements::take();
        service.login(email, "wrong password").await.unwrap_err();
        assert_eq!(statements::take().len(), 1, "{email}");
        service.forgot_password(email).await.unwrap_err();
        assert_eq!(statements::take().len(), 1, "{email}");
    }
    service.stop().await;
}

#[tokio::test]
async fn neither_addresses_nor_codes_nor_passwords_nor_tokens_are_logged() {
    statements::record();
    let (service, wrong) = start().await;
    service.register(PROVED).await.unwrap();
    service.register("not an address").await.unwrap_err();
    service.resend(UNPROVED).await.unwrap();
    service.verify(UNPROVED, &wrong).await.unwrap_err();
    service.login(UNKNOWN, PASSWORD).await.unwrap_err();
    let session = service.login_from(PROVED, PASSWORD, "secretbrowser/1.0", "203.0.113.7").await.unwrap();
    service.get_me(&session.access_token).await.unwrap();
    service.request_login_code(PROVED).await.unwrap();
    let code = service.last_code().await;
    service.login_with_code(PROVED, &code).await.unwrap();
    let refreshed = service.refresh(&session.refresh_token).await.unwrap();
    service.change_password(&refreshed.access_token, PASSWORD, NEW_PASSWORD).await.unwrap();
    service.clock.advance(TimeDelta::minutes(1));
    service.refresh(&session.refresh_token).await.unwrap_err();
    service.forgot_password(PROVED).await.unwrap();
    let link = service.last_link().await;
    service.reset_password(&link, NEWEST_PASSWORD).await.unwrap();
    service.reset_password(&link, NEW_PASSWORD).await.unwrap_err();
    // What fails has the most to say.
    sqlx::query("ALTER TABLE users ADD CONSTRAINT refuse CHECK (email NOT LIKE 'new%')")
        .execute(&service.pool)
        .await
        .unwrap();
    service.register(NEW).await.unwrap_err();

    let log = statements::log();
    assert!(log.contains("signed in"), "the log is not recorded");
    assert!(log.contains("call failed"), "the failure is not recorded");
    let addresses = ["example.org", "not an address", "203.0.113.7", "secretbrowser"];
    let secrets = [
        PASSWORD,
        NEW_PASSWORD,
        NEWEST_PASSWORD,
        &session.access_token,
        &session.refresh_token,
        &refreshed.access_token,
        &refreshed.refresh_token,
        &wrong,
        &code,
        &link,
    ];
    for secret in addresses.into_iter().chain(secrets) {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    service.stop().await;
}
