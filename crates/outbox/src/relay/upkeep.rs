//! What the active relay does beside publishing.

use std::convert::Infallible;

use eventbus::Publisher;
use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::Relay;
use crate::store::CHANNEL;
use crate::{backlog, prune};

impl<P: Publisher> Relay<P> {
    /// Passes notifications of other processes on. It connects again by itself; what it misses is found by polling.
    pub(super) async fn listen(&self) -> Infallible {
        // A pool of its own, so that the connection, which stays, is not taken from the business.
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(
            self.pool.connect_options().as_ref().clone().application_name("outbox listener"),
        );
        loop {
            let Err(error) = self.pass_notifications_on(&pool).await;
            tracing::debug!(%error, "the outbox relay does not hear notifications for a while");
            sleep(self.config.poll_interval).await;
        }
    }

    async fn pass_notifications_on(&self, pool: &PgPool) -> Result<Infallible, sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        // What was announced before nobody heard.
        self.wake.notified();
        loop {
            listener.recv().await?;
            self.wake.notified();
        }
    }

    /// Counts the backlog and deletes what the retention gives up.
    pub(super) async fn look_after(&self) -> Infallible {
        let mut count = interval(self.config.backlog_interval);
        let mut clean = interval(self.config.prune_interval);
        count.set_missed_tick_behavior(MissedTickBehavior::Delay);
        clean.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                _ = count.tick() => backlog(&self.pool).await.map(|backlog| self.metrics.record(&backlog)),
                _ = clean.tick() => prune(&self.pool, self.config.retention).await.map(|_| ()),
            };
            if let Err(error) = done {
                tracing::warn!(error = &error as &dyn std::error::Error, "the upkeep of the outbox failed");
            }
        }
    }
}
