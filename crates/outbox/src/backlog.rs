//! How far the relay is behind.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry::metrics::Gauge;
use sqlx::PgPool;

use crate::store;

/// What waits in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backlog {
    /// Events that are not published yet.
    pub pending: u64,
    /// The age of the oldest of them.
    pub oldest_age: Option<Duration>,
    /// Events that the broker refused for good; they need a person.
    pub parked: u64,
}

/// Counts what waits in the outbox.
pub async fn backlog(pool: &PgPool) -> Result<Backlog, sqlx::Error> {
    let (pending, oldest_age_s, parked) = store::count(pool).await?;
    let oldest_age = oldest_age_s.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default());
    Ok(Backlog { pending: pending.unsigned_abs(), oldest_age, parked: parked.unsigned_abs() })
}

/// The backlog as metrics, kept by the active relay.
#[derive(Debug)]
pub(crate) struct BacklogMetrics {
    pending: Gauge<u64>,
    oldest_age: Gauge<f64>,
    parked: Gauge<u64>,
}

impl BacklogMetrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("outbox");
        Self {
            pending: meter
                .u64_gauge("outbox.pending")
                .with_unit("{event}")
                .with_description("Events that are not published yet.")
                .build(),
            oldest_age: meter
                .f64_gauge("outbox.pending.oldest_age")
                .with_unit("s")
                .with_description("Age of the oldest event that is not published yet.")
                .build(),
            parked: meter
                .u64_gauge("outbox.parked")
                .with_unit("{event}")
                .with_description("Events that the broker refused for good.")
                .build(),
        }
    }

    pub(crate) fn record(&self, backlog: &Backlog) {
        self.pending.record(backlog.pending, &[]);
        self.oldest_age.record(backlog.oldest_age.unwrap_or_default().as_secs_f64(), &[]);
        self.parked.record(backlog.parked, &[]);
    }
}
