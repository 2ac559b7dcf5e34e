//! What has to happen to the ledger whether or not mail flows: leases prolonged, orphans recovered, late mails expired.

use std::sync::Arc;
use std::time::Duration;

use outbox::{Outbox, OutboxError};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::dedicated::Dedicated;
use super::held::Held;
use super::{Wake, report};
use crate::ledger::claims::{self, Leases};
use crate::ledger::sweep::Recovered;
use crate::ledger::{entries, sweep};
use crate::metrics::Metrics;

const TICK: Duration = Duration::from_secs(1);
/// Pause before the repeat of a mail whose worker died.
const AFTER_RECOVERY: Duration = Duration::ZERO;

pub(super) struct Housekeeping {
    pub(super) database: Dedicated,
    pub(super) owner: Uuid,
    pub(super) held: Held,
    pub(super) leases: Leases,
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
        let mut tick = interval(TICK.min(self.leases.claimed / 4));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                _ = tick.tick() => {}
            }
            match self.tidy().await {
                Ok(tidied) => self.account(&tidied),
                Err(error) => {
                    tracing::warn!(error = %chassis::lifecycle::chain(&error), "housekeeping of the ledger waits");
                }
            }
        }
        self.database.close().await;
    }

    async fn tidy(&mut self) -> Result<Tidied, HousekeepingError> {
        let Self { database, owner, held, leases, outbox, .. } = self;
        let held = held.leases();
        database
            .run(async |connection| {
                // Our own leases first: after an outage of the database nobody shall take what this worker still holds.
                if !held.is_empty() {
                    claims::prolong(&mut *connection, *owner, &held, *leases).await?;
                }
                sweep_up(connection, outbox).await
            })
            .await
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

async fn sweep_up(connection: &mut PgConnection, outbox: &Outbox) -> Result<Tidied, HousekeepingError> {
    let mut transaction = connection.begin().await?;
    let expired = sweep::expire(&mut transaction).await?.len() as u64;
    let recovered = sweep::recover(&mut transaction, AFTER_RECOVERY).await?;
    let keys: Vec<_> = recovered.iter().filter_map(|row| row.supersede_key.clone()).collect();
    let cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
    let events: Vec<_> = recovered.iter().map(|row| report::recovered(outbox, row)).collect();
    if !events.is_empty() {
        outbox.write(&mut transaction, &events).await?;
    }
    transaction.commit().await?;
    Ok(Tidied { expired, cancelled, recovered })
}
