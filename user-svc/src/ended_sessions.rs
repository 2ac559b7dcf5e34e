//! Tells of sessions that end, to the services that verify access tokens by themselves.
//!
//! Each replica reads the table each second, so it does not matter at which of them a session ends, nor in which way.
//! Who begins to watch gets the whole table first and every reading after it, and loses nothing in between.

use std::sync::Arc;
use std::time::Duration;

use chassis::lifecycle::chain;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio::sync::broadcast;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::store::ended_sessions::{self, EndedSession};

/// How often the table is read. With the way to the others it has to stay well below the two seconds that are promised.
const READ_INTERVAL: Duration = Duration::from_secs(1);
/// Readings that wait for a watcher; one that is further behind begins anew.
const WAITING_READINGS: usize = 64;
/// How far clocks may be apart, with what verifiers allow for.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

/// For how long an ended session is remembered where access tokens live so long.
pub(crate) fn memory(token_lifetime: TimeDelta) -> TimeDelta {
    token_lifetime + CLOCK_SKEW
}

/// The sessions that are over, for those who watch them; clones share the readings.
#[derive(Clone, Debug)]
pub(crate) struct EndedSessions {
    pool: PgPool,
    memory: TimeDelta,
    readings: broadcast::Sender<Arc<[EndedSession]>>,
}

impl EndedSessions {
    pub(crate) fn new(pool: PgPool, token_lifetime: TimeDelta) -> Self {
        Self { pool, memory: memory(token_lifetime), readings: broadcast::Sender::new(WAITING_READINGS) }
    }

    /// When all tokens of a session that ended at that time have run out.
    pub(crate) fn forget_time(&self, end_time: DateTime<Utc>) -> DateTime<Utc> {
        end_time + self.memory
    }

    /// Reads until `shutdown`. Where the database cannot be read nothing is told, not even that nothing has ended.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(READ_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut horizon = 0;
        while shutdown.run_until_cancelled(tick.tick()).await.is_some() {
            match shutdown.run_until_cancelled(self.read(horizon)).await {
                None => return,
                Some(Ok(reading)) => {
                    horizon = reading.horizon;
                    // Without a watcher nobody has to be told: whoever comes reads the table.
                    let _ = self.readings.send(reading.sessions.into());
                }
                Some(Err(error)) => {
                    tracing::debug!(error = %chain(&error), "the ended sessions could not be read");
                }
            }
        }
    }

    /// Answers the sessions that are over, and the readings from then on. Waits for a reading first: before the tables
    /// are there nothing is known.
    pub(crate) async fn watch(
        &self,
    ) -> sqlx::Result<(Vec<EndedSession>, broadcast::Receiver<Arc<[EndedSession]>>)> {
        let mut readings = self.readings.subscribe();
        let _ = readings.recv().await;
        Ok((self.read(0).await?.sessions, readings))
    }

    async fn read(&self, horizon: i64) -> sqlx::Result<ended_sessions::Reading> {
        let mut connection = self.pool.acquire().await?;
        ended_sessions::read(&mut connection, horizon).await
    }
}
