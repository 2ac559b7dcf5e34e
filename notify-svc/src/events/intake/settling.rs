//! Entering what waited and whose recipient came unseen, and forgetting what waited in vain.

use std::sync::Arc;
use std::time::Duration;

use chassis::database;
use chassis::lifecycle::chain;
use eventbus::{Failure, Together, by_halves};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Intake;
use crate::ledger::{entries, waiting};

/// How often it is looked for recipients that came unseen.
const SETTLE_EVERY: Duration = Duration::from_secs(5);

impl Intake {
    /// Works until `shutdown`.
    pub(crate) async fn keep_waiting(self: Arc<Self>, shutdown: CancellationToken) {
        let mut tick = interval(SETTLE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            match self.settle().await {
                Ok(0) => {}
                Ok(notifications) => {
                    tracing::warn!(notifications, "mails were forgotten whose account never registered");
                }
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "what waits for its account waits on");
                }
            }
        }
    }

    /// Answers how many were forgotten. An account whose mails the tables refuse is found by halves and holds no other up.
    async fn settle(&self) -> Result<u64, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let forgotten = waiting::settle(&mut transaction).await?;
        let known = waiting::known(&mut transaction).await?;
        transaction.commit().await?;
        for (part, entered) in by_halves(self, known).await {
            // Whatever else failed, the next round tries again.
            if let Err(Failure::Event(reason)) = entered {
                let mut connection = self.pool.acquire().await?;
                let mails = waiting::erase(&mut connection, &part).await?;
                tracing::error!(user_id = ?part, mails, reason, "mails that waited cannot be entered and are lost");
            }
        }
        Ok(forgotten)
    }

    async fn enter_for(&self, user_ids: &[Uuid]) -> Result<(), sqlx::Error> {
        if user_ids.is_empty() {
            return Ok(());
        }
        let mut transaction = self.pool.begin().await?;
        let arrived = waiting::arrive(&mut transaction, user_ids).await?;
        let cancelled = entries::cancel_superseded(&mut transaction, &arrived.keys).await?;
        let skipped = entries::skip_beyond_limits(&mut transaction, &arrived.user_ids).await?;
        transaction.commit().await?;
        self.metrics.entered(arrived.entered, cancelled);
        self.metrics.changed("skipped", skipped);
        if arrived.entered > 0 {
            self.wake.wake();
        }
        Ok(())
    }
}

impl Together for Intake {
    type Item = Uuid;
    type Done = ();

    async fn attempt(&self, user_ids: &[Uuid]) -> Result<(), Failure> {
        let entered = self.enter_for(user_ids).await;
        entered.map_err(|error| database::failure(&error, "what waits for its account waits on"))
    }
}
