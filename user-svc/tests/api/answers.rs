//! Nobody learns from an answer whether an address has an account, nor from the log what is secret.

use chrono::TimeDelta;
use tonic::Status;

use crate::fixture::{PASSWORD, Service, other_code, reason};
use crate::statements;

const NEW: &str = "new@example.org";
const UNKNOWN: &str = "unknown@example.org";
const UNPROVED: &str = "unproved@example.org";
const PROVED: &str = "proved@example.org";

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
async fn asking_for_a_code_answers_the_same_for_every_address() {
    let (service, _) = start().await;
    let mut answers = Vec::new();
    for email in [UNKNOWN, UNPROVED, PROVED] {
        answers.push(service.resend(email).await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    service.stop().await;
}

#[tokio::test]
async fn a_wrong_code_answers_the_same_for_every_address() {
    let (service, wrong) = start().await;
    let mut answers = Vec::new();
    for email in [UNKNOWN, UNPROVED, PROVED] {
        let status = service.verify(email, &wrong).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::InvalidArgument, "CODE_INVALID"));
        answers.push(bytes(&status));
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
        service.register(email).await.unwrap();
        assert_cost(email, 5);
    }
    service.clock.advance(TimeDelta::minutes(2));
    // The second time the limit is reached.
    for email in [UNKNOWN, UNPROVED, UNPROVED, PROVED] {
        service.resend(email).await.unwrap();
        assert_cost(email, 3);
    }
    for email in [UNKNOWN, UNPROVED, PROVED] {
        service.verify(email, &wrong).await.unwrap_err();
        assert_cost(email, 2);
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
    let session = service.login(PROVED, PASSWORD).await.unwrap();
    service.get_me(&session.access_token).await.unwrap();
    let code = service.last_code().await;
    // What fails has the most to say.
    sqlx::query("ALTER TABLE users ADD CONSTRAINT refuse CHECK (email NOT LIKE 'new%')")
        .execute(&service.pool)
        .await
        .unwrap();
    service.register(NEW).await.unwrap_err();

    let log = statements::log();
    assert!(log.contains("signed in"), "the log is not recorded");
    assert!(log.contains("call failed"), "the failure is not recorded");
    let addresses = ["example.org", "not an address"];
    let secrets = [PASSWORD, &session.access_token, &session.refresh_token, &wrong, &code];
    for secret in addresses.into_iter().chain(secrets) {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    service.stop().await;
}
