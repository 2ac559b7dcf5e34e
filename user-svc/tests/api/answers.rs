//! Nobody learns from an answer whether an address has an account: the same bytes, the same statements.

use std::sync::{Arc, Mutex};

use tonic::Status;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::fixture::{PASSWORD, Service, other_code, reason};

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
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::Unauthenticated, "CREDENTIALS_INVALID"));
        answers.push(bytes(&status));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(service.login(PROVED, PASSWORD).await.is_ok());
    service.stop().await;
}

/// The statements of the use cases that sqlx reports, without those of the relay and the probes.
#[derive(Clone, Default)]
struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{value:?} "));
            }
        }
        eprintln!("EV {} {}", event.metadata().target(), event.metadata().level());
        let mut text = Text(String::new());
        if event.metadata().target() == "sqlx::query" {
            event.record(&mut text);
            let ours = ["users", "one_time_codes", "INSERT INTO outbox.events", "pg_logical_emit_message"];
            if ours.iter().any(|part| text.0.contains(part)) {
                self.0.lock().unwrap().push(text.0);
            }
        }
    }
}

#[tokio::test]
async fn every_address_costs_as_many_statements_and_a_change_to_commit() {
    // The service runs on the thread of the test, so this subscriber sees it and no other test.
    let statements = Statements::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
    let (service, wrong) = start().await;
    let same = |costs: Vec<Vec<String>>, expected: usize| {
        for cost in &costs {
            assert_eq!(cost.len(), expected, "{cost:#?}");
            let changes = ["INSERT", "UPDATE", "pg_logical_emit_message"];
            assert!(cost.iter().any(|text| changes.iter().any(|change| text.contains(change))), "{cost:#?}");
        }
    };

    let mut register = Vec::new();
    // The second time the owner was told already.
    for email in [NEW, UNPROVED, PROVED, UNPROVED, PROVED] {
        statements.take();
        service.register(email).await.unwrap();
        register.push(statements.take());
    }
    same(register, 5);

    let mut resend = Vec::new();
    service.clock.advance(chrono::TimeDelta::minutes(2));
    // The second time the limit is reached.
    for email in [UNKNOWN, UNPROVED, UNPROVED, PROVED] {
        statements.take();
        service.resend(email).await.unwrap();
        resend.push(statements.take());
    }
    same(resend, 3);

    let mut verify = Vec::new();
    for email in [UNKNOWN, UNPROVED, PROVED] {
        statements.take();
        service.verify(email, &wrong).await.unwrap_err();
        verify.push(statements.take());
    }
    same(verify, 2);
    service.stop().await;
}
