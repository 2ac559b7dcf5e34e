//! What a test plays on: a database and a mailbox of its own, events to take in, workers to start.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chassis::health::{Health, Need};
use chassis::lifecycle::Tasks;
use chassis::sealing::{Sealed, SealingKeys, address_place, one_time_code_place};
use chrono::{DateTime, TimeDelta, Utc};
use embedded::mailbox::{Mailbox, MailboxConfig};
use eventbus::{Envelope, Event, Outcome, Position, TraceContext};
use fitness_proto::fitness::user::v1::{
    CodePurpose, EmailVerified, OneTimeCodeIssued, RegistrationRepeated, SealedSecret, UserRegistered,
};
use notify_svc::delivery::{DeliveryConfig, Wake, Workers};
use notify_svc::events::{Arrival, Intake};
use notify_svc::ledger;
use notify_svc::metrics::Metrics;
use notify_svc::notification::Category;
use notify_svc::render::Renderer;
use notify_svc::smtp::{Encryption, SmtpConfig, Timeouts};
use outbox::Outbox;
use prost_types::Timestamp;
use sqlx::PgPool;
use uuid::Uuid;

/// Longer than anything here takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
/// How long the ledger remembers.
pub(crate) const RETENTION: Duration = Duration::from_hours(90 * 24);
pub(crate) const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub(crate) struct Stage {
    pub(crate) pool: PgPool,
    pub(crate) database_url: String,
    pub(crate) mailbox: Mailbox,
    pub(crate) keys: SealingKeys,
    pub(crate) wake: Wake,
    pub(crate) give_up_in_doubt: Vec<Category>,
}

/// A running set of senders.
pub(crate) struct Running {
    pub(crate) tasks: Tasks,
    pub(crate) health: Health,
}

impl Running {
    pub(crate) async fn stop(self) {
        assert!(self.tasks.drain(LIMIT).await, "the workers did not stop");
    }
}

/// Somebody who registered.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user_id: Uuid,
    pub(crate) email: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let database_url = embedded::postgres::fresh_database("notify").await;
        let pool = PgPool::connect(&database_url).await.unwrap();
        ledger::migrate(&pool).await.unwrap();
        outbox::migrate(&pool).await.unwrap();
        let mailbox = Mailbox::start(MailboxConfig::in_memory()).await.unwrap();
        let keys = SealingKeys::parse(&SealingKeys::generate("test")).unwrap();
        Self { pool, database_url, mailbox, keys, wake: Wake::default(), give_up_in_doubt: Vec::new() }
    }

    pub(crate) async fn finish(self) {
        self.mailbox.stop().await;
        let name = self.pool.connect_options().get_database().unwrap().to_owned();
        self.pool.close().await;
        embedded::postgres::drop_database(embedded::postgres::for_tests().await, &name).await.unwrap();
    }

    pub(crate) fn smtp(&self) -> SmtpConfig {
        let address = self.mailbox.smtp_addr();
        SmtpConfig {
            host: address.ip().to_string(),
            port: address.port(),
            encryption: Encryption::Off,
            authorities: None,
            credentials: None,
            hello: Some("notify.example.org".to_owned()),
            pipelining: true,
            timeouts: Timeouts::default(),
        }
    }

    pub(crate) fn config(&self, connections: usize) -> DeliveryConfig {
        DeliveryConfig {
            lease: Duration::from_secs(3),
            poll_interval: Duration::from_millis(100),
            ..DeliveryConfig::new(self.smtp(), connections)
        }
    }

    pub(crate) fn start(&self, config: DeliveryConfig) -> Running {
        start(self.pool.clone(), self.keys.clone(), self.wake.clone(), config)
    }

    pub(crate) fn intake(&self, pool: PgPool) -> Intake {
        let give_up = self.give_up_in_doubt.clone();
        Intake::new(pool, self.wake.clone(), give_up, RETENTION, Arc::new(Metrics::default()))
    }

    pub(crate) async fn take(&self, envelopes: &[Envelope]) -> Vec<Outcome> {
        let intake = self.intake(self.pool.clone());
        let arrivals: Vec<_> = envelopes
            .iter()
            .map(|envelope| Arrival {
                envelope,
                position: Some(Position::new(2, 40)),
                trace: envelope.trace.clone(),
            })
            .collect();
        intake.take(&arrivals).await
    }

    pub(crate) async fn take_all(&self, envelopes: &[Envelope]) {
        for outcome in self.take(envelopes).await {
            assert_eq!(outcome, Outcome::Done);
        }
    }

    /// Registers somebody in the given language.
    pub(crate) async fn person(&self, locale: &str) -> Person {
        let people = self.people(1, locale).await;
        people.into_iter().next().unwrap()
    }

    pub(crate) async fn people(&self, count: usize, locale: &str) -> Vec<Person> {
        let people: Vec<_> = (0..count)
            .map(|_| {
                let user_id = Uuid::now_v7();
                Person { user_id, email: format!("{}@example.org", user_id.simple()) }
            })
            .collect();
        let events: Vec<_> = people.iter().map(|person| registered(person, locale)).collect();
        self.take_all(&events).await;
        people
    }

    pub(crate) fn code(&self, person: &Person, code: &str, lives: TimeDelta) -> Envelope {
        self.code_at(person, code, Utc::now(), lives)
    }

    pub(crate) fn code_at(
        &self,
        person: &Person,
        code: &str,
        at: DateTime<Utc>,
        lives: TimeDelta,
    ) -> Envelope {
        self.code_for(CodePurpose::Verify, person, code, at, lives)
    }

    pub(crate) fn code_for(
        &self,
        purpose: CodePurpose,
        person: &Person,
        code: &str,
        at: DateTime<Utc>,
        lives: TimeDelta,
    ) -> Envelope {
        let (code_id, user_id) = (Uuid::now_v7().to_string(), person.user_id.to_string());
        let sealed_email = Some(self.seal(&person.email, &address_place(&code_id, &user_id)));
        let sealed_code = Some(self.seal(code, &one_time_code_place(&code_id, &user_id)));
        let (purpose, expire_time) = (purpose.into(), Some(timestamp(at + lives)));
        let event = OneTimeCodeIssued { user_id, purpose, sealed_code, expire_time, code_id, sealed_email };
        envelope_at(&event, at)
    }

    pub(crate) fn seal(&self, secret: &str, place: &[u8]) -> SealedSecret {
        let Sealed { key_id, nonce, ciphertext } = self.keys.seal(secret.as_bytes(), place);
        SealedSecret { key_id, nonce, ciphertext }
    }

    /// Makes every open row due now.
    pub(crate) async fn make_due(&self) {
        sqlx::query("UPDATE notifications SET next_attempt_at = now() WHERE next_attempt_at > now()")
            .execute(&self.pool)
            .await
            .unwrap();
        self.wake.wake();
    }

    /// State and attempts of the only notification of somebody.
    pub(crate) async fn standing(&self, person: &Person) -> (String, i32) {
        sqlx::query_as("SELECT state, attempts FROM notifications WHERE user_id = $1")
            .bind(person.user_id)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    pub(crate) async fn wait_for_state(&self, person: &Person, state: &str) {
        let reached = async || self.standing(person).await.0 == state;
        let reached = eventually(reached).await;
        let (standing, timeline) = (self.standing(person).await, self.timeline(person).await);
        assert!(reached, "expected {state}, found {standing:?} after {timeline:?}");
    }

    /// The states somebody's notifications went through.
    pub(crate) async fn timeline(&self, person: &Person) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT t.state
             FROM notification_timeline AS t
             JOIN notifications AS n USING (notification_id)
             WHERE n.user_id = $1
             ORDER BY t.entry_id",
        )
        .bind(person.user_id)
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }

    pub(crate) async fn count(&self, condition: &str) -> i64 {
        let query = format!("SELECT count(*) FROM notifications WHERE {condition}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&self.pool).await.unwrap()
    }

    pub(crate) async fn published(&self, event_type: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM outbox.events WHERE event_type = $1")
            .bind(format!("fitness.notify.v1.{event_type}"))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// The traces that the published events belong to.
    pub(crate) async fn published_traces(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT traceparent FROM outbox.events ORDER BY position")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

/// Starts senders on any runtime.
pub(crate) fn start(pool: PgPool, keys: SealingKeys, wake: Wake, config: DeliveryConfig) -> Running {
    let from = "Fitness Trainer <no-reply@fitness.example>".parse().unwrap();
    let health = Health::default();
    let tasks = Tasks::default();
    let workers = Workers {
        config,
        pool,
        outbox: Outbox::new(notify_svc::NAME),
        renderer: Arc::new(Renderer::new(from, "https://fitness.example", keys).unwrap()),
        wake,
        metrics: Arc::new(Metrics::default()),
        smtp: health.dependency("smtp", Need::Deferrable),
        retention: RETENTION,
    };
    workers.start(&tasks);
    Running { tasks, health }
}

/// Tries until the condition holds; false if it does not within the limit.
pub(crate) async fn eventually<F: Future<Output = bool>>(condition: impl Fn() -> F) -> bool {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, holds).await.is_ok()
}

pub(crate) fn registered(person: &Person, locale: &str) -> Envelope {
    envelope(&UserRegistered {
        user_id: person.user_id.to_string(),
        email: person.email.clone(),
        display_name: "Ann".to_owned(),
        locale: locale.to_owned(),
        time_zone: "Europe/Moscow".to_owned(),
        create_time: Some(timestamp(Utc::now())),
    })
}

pub(crate) fn verified(person: &Person) -> Envelope {
    envelope(&EmailVerified { user_id: person.user_id.to_string(), verify_time: None })
}

pub(crate) fn repeated(person: &Person) -> Envelope {
    envelope(&RegistrationRepeated { user_id: person.user_id.to_string(), attempt_time: None })
}

pub(crate) fn envelope<E: Event>(event: &E) -> Envelope {
    envelope_at(event, Utc::now())
}

pub(crate) fn envelope_at<E: Event>(event: &E, at: DateTime<Utc>) -> Envelope {
    let trace = TraceContext { traceparent: Some(TRACEPARENT.to_owned()), tracestate: None };
    Envelope::new(event, Uuid::now_v7(), "user-svc", at, trace)
}

pub(crate) fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: time.timestamp(), nanos: time.timestamp_subsec_nanos().cast_signed() }
}
