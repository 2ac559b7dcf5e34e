//! What has to happen to the ledger whether or not mail flows: leases prolonged, orphans recovered, late mails
//! expired, the backlog measured, old rows deleted.

use std::sync::Arc;
use std::time::Duration;

use outbox::{Outbox, OutboxError};
use sqlx::PgPool;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Wake, report};
use crate::ledger::claims::{self, Leases};
use crate::ledger::{backlog, dead_letters, entries, retention, sweep};
use crate::metrics::Metrics;

const TICK: Duration = Duration::from_secs(1);
const BACKLOG_EVERY: Duration = Duration::from_secs(5);
const PRUNE_EVERY: Duration = Duration::from_hours(1);
/// Pause before the repeat of a mail whose worker died.
const AFTER_RECOVERY: Duration = Duration::ZERO;

pub(super) struct Housekeeping {
    pub(super) pool: PgPool,
    pub(super) owner: Uuid,
    pub(super) leases: Leases,
    pub(super) retention: Duration,
    pub(super) outbox: Outbox,
    pub(super) metrics: Arc<Metrics>,
    pub(super) wake: Wake,
    pub(super) shutdown: CancellationToken,
}

#[derive(Debug, thiserror::Error)]
enum HousekeepingError {
    #[error("the ledger cannot be written")]
    Ledger(#[from] sqlx::Error),
    #[error("the outcome cannot be published")]
    Outbox(#[from] OutboxError),
}

impl Housekeeping {
    pub(super) async fn run(self) {
        let mut tick = interval(TICK.min(self.leases.claimed / 4));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut measured, mut pruned): (Option<Instant>, Option<Instant>) = (None, None);
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.tidy().await {
                tracing::warn!(error = %chassis::lifecycle::chain(&error), "housekeeping of the ledger waits");
            }
            if measured.is_none_or(|at| at.elapsed() >= BACKLOG_EVERY) {
                measured = Some(Instant::now());
                self.measure().await;
            }
            if pruned.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
                pruned = Some(Instant::now());
                self.prune().await;
            }
        }
    }

    /// What cannot be measured now is measured a little later.
    async fn measure(&self) {
        if let Ok(waiting) = backlog::waiting(&self.pool).await {
            self.metrics.waiting(&waiting);
        }
        if let Ok(overdue) = backlog::overdue(&self.pool).await {
            self.metrics.overdue(&overdue);
        }
        if let Ok(waiting) = dead_letters::waiting(&self.pool).await {
            self.metrics.dead_letters(&waiting);
        }
    }

    async fn prune(&self) {
        match retention::prune(&self.pool, self.retention).await {
            Ok(0) => {}
            Ok(notifications) => tracing::info!(notifications, "old notifications were deleted"),
            Err(error) => {
                tracing::warn!(error = %chassis::lifecycle::chain(&error), "old notifications stay a little longer");
            }
        }
    }

    async fn tidy(&self) -> Result<(), HousekeepingError> {
        // Our own leases first: after an outage of the database nobody shall take what this worker still holds.
        claims::prolong(&self.pool, self.owner, self.leases).await?;
        let mut transaction = self.pool.begin().await?;
        let expired = sweep::expire(&mut transaction).await?;
        let recovered = sweep::recover(&mut transaction, AFTER_RECOVERY).await?;
        let keys: Vec<_> = recovered.iter().filter_map(|row| row.supersede_key.clone()).collect();
        let cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
        let events: Vec<_> = recovered.iter().map(|row| report::recovered(&self.outbox, row)).collect();
        if !events.is_empty() {
            self.outbox.write(&mut transaction, &events).await?;
        }
        transaction.commit().await?;

        if !events.is_empty() {
            self.outbox.committed();
        }
        self.metrics.changed("expired", expired.len() as u64);
        self.metrics.changed("cancelled", cancelled);
        for row in &recovered {
            self.metrics.recovered(&row.template);
        }
        if !recovered.is_empty() {
            tracing::warn!(mails = recovered.len(), "took over mails of a worker that died while sending");
            self.wake.wake();
        }
        Ok(())
    }
}
