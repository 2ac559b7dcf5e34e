//! Publishing what was committed.
//!
//! Every process of a service runs a relay; the one that holds an advisory lock of the database is active. It holds the
//! lock on the same connection with which it reads and marks events, so it cannot go on marking after it has lost the
//! lock. What such a relay still has on its way to the broker arrives as a repetition.
//!
//! The others stand by: they try to take the lock each second, and pass local commits on to the active one.
//!
//! Broken connections end a session. The relay starts a new one by itself, with growing pauses.

mod batch;
mod leader;
mod session;
mod standby;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use eventbus::{Publisher, RetryPolicy};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::Outbox;
use crate::backlog::BacklogMetrics;
use crate::wake::Wake;
use session::{Session, SessionError};

/// How a relay works.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// The most events handed to the publisher at once.
    pub batch_size: u16,
    /// The bytes of events after which a batch ends, to which its last event may add.
    pub batch_bytes: u32,
    /// How often to look without being woken, and to try to take over.
    pub poll_interval: Duration,
    /// How long to wait after a wake-up for further commits to share a batch.
    pub linger: Duration,
    /// The pauses while the database or the broker is away.
    pub retry: RetryPolicy,
    /// How often the broker may refuse an event itself before it is parked.
    pub max_attempts: u16,
    /// How long published events are kept.
    pub retention: Duration,
    /// How often older ones are deleted.
    pub prune_interval: Duration,
    /// How often the backlog is counted for the metrics.
    pub backlog_interval: Duration,
    /// How long the batch in flight is awaited at shutdown; after that it is published again by the next relay.
    pub drain_timeout: Duration,
    /// How long a statement may take before the connection counts as broken.
    pub statement_timeout: Duration,
    /// Whether everything that the retention still holds is published again when this relay first becomes active: for
    /// a broker that forgets when it ends.
    pub replay_at_start: bool,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            batch_size: 1_000,
            batch_bytes: 4 * 1024 * 1024,
            poll_interval: Duration::from_secs(1),
            linger: Duration::from_millis(3),
            retry: RetryPolicy {
                initial: Duration::from_millis(100),
                max: Duration::from_secs(5),
                max_attempts: None,
            },
            max_attempts: 5,
            retention: Duration::from_hours(7 * 24),
            prune_interval: Duration::from_mins(1),
            backlog_interval: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(15),
            replay_at_start: false,
        }
    }
}

/// Publishes the events of a database.
#[derive(Debug)]
pub struct Relay<P> {
    pool: PgPool,
    publisher: P,
    wake: Arc<Wake>,
    config: RelayConfig,
    metrics: BacklogMetrics,
}

impl<P: Publisher> Relay<P> {
    /// A relay for the events that `outbox` and its likes in other processes write to the database of `pool`.
    pub fn new(pool: PgPool, publisher: P, outbox: &Outbox, config: RelayConfig) -> Self {
        let metrics = BacklogMetrics::new(&outbox.source);
        Self { pool, publisher, wake: Arc::clone(&outbox.wake), config, metrics }
    }

    /// Runs until `shutdown` is cancelled, through outages of the database and the broker.
    #[expect(
        clippy::disallowed_methods,
        reason = "pauses grow with a jitter, so that not all come back at one time"
    )]
    pub async fn run(self, shutdown: CancellationToken) {
        let mut failures = 0;
        let mut replay = self.config.replay_at_start;
        while let Err(error) = self.serve(&shutdown, &mut failures, &mut replay).await {
            failures += 1;
            if failures == 1 {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the outbox relay lost its database, trying on"
                );
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.config.retry.delay(failures, rand::random())) => {}
            }
        }
    }

    /// One session with the database; `Ok` at shutdown.
    async fn serve(
        &self,
        shutdown: &CancellationToken,
        failures: &mut u32,
        replay: &mut bool,
    ) -> Result<(), SessionError> {
        let mut session = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            session = Session::open(&self.pool, self.config.statement_timeout) => session?,
        };
        let leads = self.stand_by(&mut session, shutdown).await?;
        if !leads {
            return Ok(());
        }
        *failures = 0;
        tracing::info!("the outbox relay is active");
        self.metrics.lead();
        if *replay {
            let events = crate::replay(&self.pool, DateTime::UNIX_EPOCH).await?;
            *replay = false;
            tracing::info!(events, "published events are published again");
        }
        let result = tokio::select! {
            result = self.lead(&mut session, shutdown) => result,
            never = self.listen() => match never {},
            never = self.look_after() => match never {},
        };
        self.metrics.stand_by();
        result
    }
}
