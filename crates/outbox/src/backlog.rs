//! How far the relay is behind.

use std::time::Duration;

use opentelemetry::metrics::Gauge;
use opentelemetry::{KeyValue, global};
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

/// The backlog as metrics, kept by the active relay; the others tell that they are not.
#[derive(Debug)]
pub(crate) struct BacklogMetrics {
    source: KeyValue,
    active: Gauge<u64>,
    pending: Gauge<u64>,
    oldest_age: Gauge<f64>,
    parked: Gauge<u64>,
}

impl BacklogMetrics {
    /// The metrics of the outbox that `source`, a service, writes to. From the start they say that nothing is known to
    /// wait: a series that begins with its first trouble cannot be compared with what was before.
    pub(crate) fn new(source: &str) -> Self {
        let meter = global::meter("outbox");
        let metrics = Self {
            source: KeyValue::new("source", source.to_owned()),
            active: meter
                .u64_gauge("outbox.relay.active")
                .with_unit("{relay}")
                .with_description(
                    "1 in the one process of a service that publishes, 0 in those that stand by.",
                )
                .build(),
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
        };
        metrics.stand_by();
        metrics
    }

    /// This process publishes from now on.
    pub(crate) fn lead(&self) {
        self.active.record(1, std::slice::from_ref(&self.source));
    }

    /// Another process counts from now on, if there is one at all.
    pub(crate) fn stand_by(&self) {
        self.active.record(0, std::slice::from_ref(&self.source));
        self.record(&Backlog::default());
    }

    pub(crate) fn record(&self, backlog: &Backlog) {
        let labels = std::slice::from_ref(&self.source);
        self.pending.record(backlog.pending, labels);
        self.oldest_age.record(backlog.oldest_age.unwrap_or_default().as_secs_f64(), labels);
        self.parked.record(backlog.parked, labels);
    }
}
