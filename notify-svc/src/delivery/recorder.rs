//! Writing to the ledger what the senders have to say, many of them in one commit.
//!
//! While a commit is under way the next requests gather; so the more senders, the more each commit carries. A request
//! is answered after its commit, and a sender waits for the answer: it never goes past what the ledger knows. As this
//! wait is most of what a mail costs, a commit is one round trip over a connection of its own. A second writer beside it
//! was tried: it halves the batches, and the mails go out more slowly.

//!
//! A database that is away or hangs is waited for, because results exist only here until they are written. Values that
//! it refuses are another matter: repeated, they would hold all mail up for ever. They cost their own row only.

mod part;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chassis::database;
use outbox::Outbox;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use self::part::{Narrowed, Part};
use super::dedicated::Dedicated;
use crate::ledger::attempts::{self, Lease, Recorded, Settlement};
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
    database: Dedicated,
    owner: Uuid,
    lease: Duration,
    outbox: Outbox,
    metrics: Arc<Metrics>,
}

impl Recorder {
    pub(super) fn new(
        pool: PgPool,
        owner: Uuid,
        lease: Duration,
        outbox: Outbox,
        metrics: Arc<Metrics>,
    ) -> (Self, Recording) {
        let (sender, requests) = mpsc::channel(MOST_REQUESTS);
        (Self(sender), Recording { requests, database: Dedicated::new(pool), owner, lease, outbox, metrics })
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

            let begun = self.write_until_written(Part { settlements, begins }).await;
            for Request { begin, answer, .. } in requests.drain(..) {
                let allowed = begin.is_none_or(|lease| begun.contains(&lease.notification_id));
                // A sender that is gone at the drain deadline does not ask any more.
                let _ = answer.send(allowed);
            }
        }
        self.database.close().await;
    }

    async fn write_until_written(&mut self, whole: Part) -> HashSet<Uuid> {
        let (mut begun, mut parts) = (HashSet::new(), vec![whole]);
        let (mut pause, mut repeated) = (Duration::from_millis(50), false);
        while let Some(part) = parts.pop() {
            match self.write(&part).await {
                Ok(recorded) => {
                    self.account(&recorded, &part.settlements, repeated);
                    begun.extend(recorded.begun);
                }
                Err(error) if database::refused_values(&error).is_some() => match part.narrow() {
                    Narrowed::Parts(narrower) => parts.extend(narrower),
                    Narrowed::Hopeless(lease) => {
                        let error = chassis::lifecycle::chain(&error);
                        tracing::error!(notification_id = %lease.notification_id, error, "the ledger refuses what became of a mail");
                    }
                },
                Err(error) => {
                    tracing::warn!(error = %chassis::lifecycle::chain(&error), "outcomes wait for the ledger");
                    parts.push(part);
                    repeated = true;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        begun
    }

    async fn write(&mut self, part: &Part) -> Result<Recorded, sqlx::Error> {
        let Self { database, owner, lease, .. } = self;
        let (recorded, cancelled) =
            database.run(async |connection| write_part(connection, *owner, part, *lease).await).await?;
        self.metrics.changed("cancelled", cancelled);
        Ok(recorded)
    }

    fn account(&self, recorded: &Recorded, settlements: &[Settlement], repeated: bool) {
        if settlements.iter().any(|settlement| settlement.report.is_some()) {
            self.outbox.committed();
        }
        for row in &recorded.settled {
            self.metrics.settled(row);
        }
        let lost = settlements.len() - recorded.settled.len();
        // A repetition finds nothing to write where only the answer to what it repeats was lost.
        if lost > 0 && !repeated {
            tracing::warn!(lost, "leases ran out while mails were sent; their outcome is decided elsewhere");
        }
    }
}

/// Writes a part; answers also how many rows newer ones have superseded.
async fn write_part(
    connection: &mut PgConnection,
    owner: Uuid,
    part: &Part,
    lease: Duration,
) -> Result<(Recorded, u64), sqlx::Error> {
    let Part { settlements, begins } = part;
    if settlements.iter().all(|settlement| settlement.retry_in.is_none()) {
        return Ok((attempts::record(connection, owner, settlements, begins, lease).await?, 0));
    }
    let mut transaction = connection.begin().await?;
    let recorded = attempts::record(&mut transaction, owner, settlements, begins, lease).await?;
    // What is tried again may have been superseded while it was on the wire, where it could not be cancelled.
    let keys: Vec<_> = recorded.settled.iter().filter_map(|row| row.supersede_key.clone()).collect();
    let cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
    transaction.commit().await?;
    Ok((recorded, cancelled))
}
