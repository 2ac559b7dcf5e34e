//! What nobody waits for: the backlog measured, old rows deleted. A task of its own, so that it holds no leases up.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::ledger::{backlog, dead_letters, retention};
use crate::metrics::Metrics;

const MEASURE_EVERY: Duration = Duration::from_secs(5);
const PRUNE_EVERY: Duration = Duration::from_hours(1);
/// What is not done by then is done next time.
const MEASURE_LIMIT: Duration = Duration::from_secs(10);
const PRUNE_LIMIT: Duration = Duration::from_mins(10);

pub(super) struct Upkeep {
    pub(super) pool: PgPool,
    pub(super) retention: Duration,
    pub(super) metrics: Arc<Metrics>,
    pub(super) shutdown: CancellationToken,
}

impl Upkeep {
    pub(super) async fn run(self) {
        let shutdown = self.shutdown.clone();
        // Nothing of it has to be finished at a stop.
        let _ = shutdown.run_until_cancelled(self.keep_up()).await;
    }

    async fn keep_up(self) {
        let mut tick = interval(MEASURE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pruned: Option<Instant> = None;
        loop {
            tick.tick().await;
            let _ = timeout(MEASURE_LIMIT, self.measure()).await;
            if pruned.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
                pruned = Some(Instant::now());
                let _ = timeout(PRUNE_LIMIT, self.prune()).await;
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
}
