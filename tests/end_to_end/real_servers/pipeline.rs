//! How far the events of a system have come, and what arrived in the end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::backlog::backlog;
use super::load::Outcome;
use super::report::say;
use crate::harness::{Deployment, eventually};

/// Nothing at all moving for this time is a standstill.
const STANDSTILL: Duration = Duration::from_mins(1);

/// The databases of a system, and its broker.
pub(super) struct Pipeline {
    user: PgPool,
    workout: PgPool,
    notify: PgPool,
    brokers: String,
}

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    unpublished: i64,
    athletes: i64,
    notifications: i64,
    open_notifications: i64,
}

impl Pipeline {
    pub(super) fn of(deployment: &Deployment) -> Self {
        let connect = |database| {
            let url = deployment.servers.database_url(database);
            PgPoolOptions::new().max_connections(1).connect_lazy(&url).unwrap()
        };
        Self {
            user: connect("user_svc"),
            workout: connect("workout_svc"),
            notify: connect("notify_svc"),
            brokers: deployment.servers.kafka_brokers(),
        }
    }

    async fn position(&self) -> Position {
        let mut unpublished = 0;
        for pool in [&self.user, &self.workout, &self.notify] {
            unpublished += count(pool, "SELECT count(*) FROM outbox.pending").await;
        }
        let open = "SELECT count(*) FROM notifications WHERE state <> 'sent'";
        Position {
            unpublished,
            athletes: count(&self.workout, "SELECT count(*) FROM athletes").await,
            notifications: count(&self.notify, "SELECT count(*) FROM notifications").await,
            open_notifications: count(&self.notify, open).await,
        }
    }

    /// Waits until no event and no mail is under way, however many there were.
    pub(super) async fn until_still(&self) {
        let open = "SELECT count(*) FROM notifications WHERE next_attempt_at IS NOT NULL";
        eventually("no event and no mail is under way", STANDSTILL, || async {
            (self.position().await.unpublished == 0 && count(&self.notify, open).await == 0).then_some(())
        })
        .await;
    }

    /// How many times it was unknown whether a mail had gone out.
    pub(super) async fn mails_in_doubt(&self) -> usize {
        let in_doubt = "SELECT count(*) FROM notification_timeline WHERE state = 'in_doubt'";
        count(&self.notify, in_doubt).await.try_into().unwrap()
    }

    /// Where the events lie that are published and not finished, for whoever has to find out why.
    async fn backlogs(&self) -> String {
        let brokers = self.brokers.clone();
        let ask = move || {
            ["workout-svc", "notify-svc"].map(|group| {
                let backlog = backlog(&brokers, "fitness.user.events", group);
                format!("records by partition that {group} has not finished: {backlog:?}")
            })
        };
        tokio::task::spawn_blocking(ask).await.unwrap().join("; ")
    }

    /// Waits until everything that follows from `accounts` registrations and `others` further mails has happened: the
    /// events are published, each account has its athlete and its mail, and no mail is waiting.
    pub(super) async fn until_settled(&self, accounts: usize, others: usize) {
        let (accounts, mails) = (accounts as i64, (accounts + others) as i64);
        let mut last = (self.position().await, Instant::now());
        let mut said = Instant::now();
        loop {
            let position = self.position().await;
            let Position { unpublished, athletes, notifications, open_notifications } = position;
            assert!(athletes <= accounts, "{athletes} athletes of {accounts} accounts");
            assert!(notifications <= mails, "{notifications} notifications, {mails} expected");
            if unpublished == 0 && open_notifications == 0 && (athletes, notifications) == (accounts, mails) {
                return;
            }
            if position != last.0 {
                last = (position, Instant::now());
            }
            assert!(
                last.1.elapsed() < STANDSTILL,
                "nothing moves, {accounts} and {mails} expected: {position:?}; {}",
                self.backlogs().await
            );
            if said.elapsed() > Duration::from_secs(10) {
                said = Instant::now();
                say(&format!("  {} of {mails} mails are out", notifications - open_notifications));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The outbox of user-svc, held back: no relay of it is active.
pub(super) struct HeldOutbox(PgConnection);

impl HeldOutbox {
    /// Takes the lock that the active relay has; that relay loses its connection, and waits for its turn.
    pub(super) async fn hold(deployment: &Deployment) -> Self {
        let url = deployment.servers.database_url("user_svc");
        let mut holder = PgConnection::connect(&url).await.unwrap();
        let mut other = PgConnection::connect(&url).await.unwrap();
        let (key, pid): (i64, i32) = sqlx::query_as(
            "SELECT (classid::bigint << 32) | objid::bigint, pid
             FROM pg_locks
             WHERE locktype = 'advisory' AND granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_one(&mut other)
        .await
        .unwrap();
        let waiting = async {
            sqlx::query("SELECT pg_advisory_lock($1)").bind(key).execute(&mut holder).await.unwrap();
        };
        let ending = async {
            // First in the queue, or the relay would have it back before this waits.
            let queued = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
            while sqlx::query_scalar::<_, i64>(queued).fetch_one(&mut other).await.unwrap() == 0 {}
            sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(&mut other).await.unwrap();
        };
        tokio::join!(waiting, ending);
        Self(holder)
    }

    /// Lets a relay be active again.
    pub(super) async fn release(self) {
        self.0.close().await.unwrap();
    }
}

async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(pool).await.unwrap()
}

/// When the mail of each address arrived. Fails if an address has none or more than one.
pub(super) fn arrivals(deployment: &Deployment, outcome: &Outcome) -> BTreeMap<String, DateTime<Utc>> {
    let mut arrivals: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
    for message in deployment.servers.mailbox.messages() {
        for recipient in message.recipients() {
            arrivals.entry(recipient.clone()).or_default().push(message.received());
        }
    }
    let count = |email: &String| arrivals.get(email).map_or(0, Vec::len);
    let lost = outcome.accepted.keys().filter(|email| count(email) == 0).count();
    let doubled = outcome.accepted.keys().filter(|email| count(email) > 1).count();
    assert_eq!((lost, doubled), (0, 0), "lost and doubled mails of {}", outcome.accepted.len());
    outcome.accepted.keys().map(|email| (email.clone(), arrivals[email][0])).collect()
}

/// How long each mail took from the answer of the registration.
pub(super) fn waits(arrivals: &BTreeMap<String, DateTime<Utc>>, outcome: &Outcome) -> Vec<Duration> {
    let wait = |(email, arrival): (&String, &DateTime<Utc>)| *arrival - outcome.accepted[email];
    arrivals.iter().map(wait).map(|wait| wait.max(TimeDelta::zero()).to_std().unwrap()).collect()
}
