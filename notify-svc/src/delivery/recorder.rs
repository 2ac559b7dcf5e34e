//! Writing to the ledger what the senders have to say, many of them in one commit.
//!
//! While a commit is under way the next requests gather; so the more senders, the more each commit carries. A request
//! is answered after its commit, and a sender waits for the answer: it never goes past what the ledger knows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use outbox::{Outbox, OutboxError};
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::report::Report;
use crate::ledger::attempts::{self, Lease, Settlement};
use crate::ledger::claims::Leases;
use crate::ledger::entries;
use crate::metrics::Metrics;

const MOST_REQUESTS: usize = 512;
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Request {
    settle: Option<Settlement>,
    begin: Option<Lease>,
    answer: oneshot::Sender<bool>,
}

/// The senders' side.
#[derive(Clone, Debug)]
pub(super) struct Recorder(mpsc::Sender<Request>);

/// The side that writes.
pub(super) struct Recording {
    requests: mpsc::Receiver<Request>,
    pool: PgPool,
    owner: Uuid,
    leases: Leases,
    outbox: Outbox,
    metrics: Arc<Metrics>,
}

/// Why a batch could not be written.
#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error("the ledger cannot be written")]
    Ledger(#[from] sqlx::Error),
    #[error("the outcome cannot be published")]
    Outbox(#[from] OutboxError),
}

impl Recorder {
    pub(super) fn new(
        pool: PgPool,
        owner: Uuid,
        leases: Leases,
        outbox: Outbox,
        metrics: Arc<Metrics>,
    ) -> (Self, Recording) {
        let (sender, requests) = mpsc::channel(MOST_REQUESTS);
        (Self(sender), Recording { requests, pool, owner, leases, outbox, metrics })
    }

    /// Settles an attempt.
    pub(super) async fn settle(&self, settlement: Settlement) {
        self.ask(Some(settlement), None).await;
    }

    /// Settles the attempt before and begins the next. Answers whether it may be sent.
    pub(super) async fn settle_and_begin(&self, settle: Option<Settlement>, begin: Lease) -> bool {
        self.ask(settle, Some(begin)).await
    }

    async fn ask(&self, settle: Option<Settlement>, begin: Option<Lease>) -> bool {
        let (answer, answered) = oneshot::channel();
        // Only at the drain deadline is the other side gone; what was not written then is found by its lease.
        self.0.send(Request { settle, begin, answer }).await.is_ok() && answered.await.unwrap_or(false)
    }
}

impl Recording {
    pub(super) async fn run(mut self) {
        let mut requests = Vec::with_capacity(MOST_REQUESTS);
        while self.requests.recv_many(&mut requests, MOST_REQUESTS).await > 0 {
            // One order of rows in every batch, so that two workers do not wait for each other in a circle.
            let mut settlements: Vec<_> = requests.iter_mut().filter_map(|r| r.settle.take()).collect();
            let mut begins: Vec<_> = requests.iter().filter_map(|request| request.begin).collect();
            settlements.sort_by_key(|settlement| settlement.lease);
            begins.sort();

            let begun = self.write_until_written(&settlements, &begins).await;
            for Request { begin, answer, .. } in requests.drain(..) {
                let allowed = begin.is_none_or(|lease| begun.contains(&lease.notification_id));
                // A sender that is gone at the drain deadline does not ask any more.
                let _ = answer.send(allowed);
            }
        }
    }

    /// Results exist only here until they are written, so a database that is away is waited for.
    async fn write_until_written(&self, settlements: &[Settlement], begins: &[Lease]) -> HashSet<Uuid> {
        let mut pause = Duration::from_millis(50);
        loop {
            match self.write(settlements, begins).await {
                Ok(begun) => return begun,
                Err(error) => {
                    tracing::warn!(error = %chassis::lifecycle::chain(&error), "outcomes wait for the ledger");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn write(
        &self,
        settlements: &[Settlement],
        begins: &[Lease],
    ) -> Result<HashSet<Uuid>, RecordError> {
        let mut transaction = self.pool.begin().await?;
        let settled = attempts::settle(&mut transaction, self.owner, settlements).await?;
        let begun = attempts::begin(&mut transaction, self.owner, begins, self.leases).await?;
        // What is tried again may have been superseded while it was on the wire, where it could not be cancelled.
        let keys = settled.iter().filter(|settled| settled.open);
        let keys: Vec<_> = keys.filter_map(|settled| settled.supersede_key.clone()).collect();
        let cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
        let published =
            Report::new(&settled, settlements, Utc::now()).publish(&self.outbox, &mut transaction).await?;
        transaction.commit().await?;

        if published {
            self.outbox.committed();
        }
        self.metrics.changed("cancelled", cancelled);
        for row in &settled {
            self.metrics.settled(row);
        }
        if settled.len() < settlements.len() {
            let lost = settlements.len() - settled.len();
            tracing::warn!(lost, "leases ran out while mails were sent; their outcome is decided elsewhere");
        }
        Ok(begun.into_iter().collect())
    }
}
