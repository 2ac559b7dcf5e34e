//! What has to happen to the ledger whether or not mail flows: leases prolonged, orphans recovered, late mails expired.

use std::sync::Arc;
use std::time::Duration;

use outbox::{Outbox, OutboxError};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::dedicated::Dedicated;
use super::held::Held;
use super::{Wake, report};
use crate::ledger::claims;
use crate::ledger::sweep::Recovered;
use crate::ledger::{entries, sweep};
use crate::metrics::Metrics;

const TICK: Duration = Duration::from_secs(2);
/// After a failure nothing is taken over for so long: others may have been without the database as well, and are given
/// the time to prolong what they hold.
const GRACE: Duration = Duration::from_secs(5);
/// Pause before the repeat of a mail whose worker died.
const AFTER_RECOVERY: Duration = Duration::ZERO;

pub(super) struct Housekeeping {
    pub(super) database: Dedicated,
    pub(super) owner: Uuid,
    pub(super) held: Held,
    pub(super) lease: Duration,
    pub(super) outbox: Outbox,
    pub(super) metrics: Arc<Metrics>,
    pub(super) wake: Wake,
    pub(super) shutdown: CancellationToken,
}

/// What was tidied up.
struct Tidied {
    expired: u64,
    cancelled: u64,
    recovered: Vec<Recovered>,
}

#[derive(Debug, thiserror::Error)]
enum HousekeepingError {
    #[error("the ledger cannot be written")]
    Ledger(#[from] sqlx::Error),
    #[error("the outcome cannot be published")]
    Outbox(#[from] OutboxError),
}

impl Housekeeping {
    pub(super) async fn run(mut self) {
        let mut tick = interval(TICK.min(self.lease / 4));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failed: Option<Instant> = None;
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                _ = tick.tick() => {}
            }
            let take_over = failed.is_none_or(|at| at.elapsed() >= GRACE);
            match self.tidy(take_over).await {
                Ok(tidied) => self.account(&tidied),
                Err(error) => {
                    failed = Some(Instant::now());
                    tracing::warn!(error = %chassis::lifecycle::chain(&error), "housekeeping of the ledger waits");
                }
            }
        }
        self.database.close().await;
    }

    async fn tidy(&mut self, take_over: bool) -> Result<Tidied, HousekeepingError> {
        let Self { database, owner, held, lease, outbox, .. } = self;
        let (leases, since) = (held.leases(), Instant::now());
        // Our own leases first, and whatever becomes of the rest: after an outage of the database nobody shall take what
        // this worker still holds.
        if !leases.is_empty() {
            let prolonged = database
                .run(async |connection| claims::prolong(connection, *owner, &leases, *lease).await)
                .await?;
            held.prolonged(&prolonged, since, *lease);
        }
        database.run(async |connection| sweep_up(connection, outbox, take_over).await).await
    }

    fn account(&self, tidied: &Tidied) {
        let Tidied { expired, cancelled, recovered } = tidied;
        self.metrics.changed("expired", *expired);
        self.metrics.changed("cancelled", *cancelled);
        for row in recovered {
            self.metrics.recovered(&row.template);
        }
        if !recovered.is_empty() {
            self.outbox.committed();
            tracing::warn!(mails = recovered.len(), "took over mails of a worker that died while sending");
            self.wake.wake();
        }
    }
}

async fn sweep_up(
    connection: &mut PgConnection,
    outbox: &Outbox,
    take_over: bool,
) -> Result<Tidied, HousekeepingError> {
    let mut transaction = connection.begin().await?;
    let expired = sweep::expire(&mut transaction).await?.len() as u64;
    let recovered =
        if take_over { sweep::recover(&mut transaction, AFTER_RECOVERY).await? } else { Vec::new() };
    let keys: Vec<_> = recovered.iter().filter_map(|row| row.supersede_key.clone()).collect();
    let cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
    let events: Vec<_> = recovered.iter().map(|row| report::recovered(outbox, row)).collect();
    if !events.is_empty() {
        outbox.write(&mut transaction, &events).await?;
    }
    transaction.commit().await?;
    Ok(Tidied { expired, cancelled, recovered })
}
