//! Writing to the ledger what the senders have to say, many of them in one commit.
//!
//! While a commit is under way the next requests gather; so the more senders, the more each commit carries. A request
//! is answered after its commit, and a sender waits for the answer: it never goes past what the ledger knows. As this
//! wait is most of what a mail costs, a commit is one round trip over a connection of its own. A second writer beside it
//! was tried: it halves the batches, and the mails go out more slowly.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use outbox::Outbox;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::ledger::attempts::{self, Lease, Recorded, Settlement};
use crate::ledger::claims::Leases;
use crate::ledger::{self, entries};
use crate::metrics::Metrics;

const MOST_REQUESTS: usize = 512;
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

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
    connection: Option<PgConnection>,
    owner: Uuid,
    leases: Leases,
    outbox: Outbox,
    metrics: Arc<Metrics>,
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
        (Self(sender), Recording { requests, pool, connection: None, owner, leases, outbox, metrics })
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
        if let Some(connection) = self.connection {
            // The server notices the end of the connection in any case.
            let _ = connection.close().await;
        }
    }

    /// Results exist only here until they are written, so a database that is away is waited for.
    async fn write_until_written(&mut self, settlements: &[Settlement], begins: &[Lease]) -> HashSet<Uuid> {
        let mut pause = Duration::from_millis(50);
        loop {
            match self.write(settlements, begins).await {
                Ok(recorded) => {
                    self.account(&recorded, settlements);
                    return recorded.begun.into_iter().collect();
                }
                Err(error) => {
                    self.connection = None;
                    tracing::warn!(error = %chassis::lifecycle::chain(&error), "outcomes wait for the ledger");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn write(&mut self, settlements: &[Settlement], begins: &[Lease]) -> Result<Recorded, sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(connect(&self.pool).await?),
        };
        if settlements.iter().all(|settlement| settlement.retry_in.is_none()) {
            return attempts::record(connection, self.owner, settlements, begins, self.leases).await;
        }
        let mut transaction = connection.begin().await?;
        let recorded =
            attempts::record(&mut transaction, self.owner, settlements, begins, self.leases).await?;
        // What is tried again may have been superseded while it was on the wire, where it could not be cancelled.
        let keys: Vec<_> = recorded.settled.iter().filter_map(|row| row.supersede_key.clone()).collect();
        let cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
        transaction.commit().await?;
        self.metrics.changed("cancelled", cancelled);
        Ok(recorded)
    }

    fn account(&self, recorded: &Recorded, settlements: &[Settlement]) {
        if settlements.iter().any(|settlement| settlement.report.is_some()) {
            self.outbox.committed();
        }
        for row in &recorded.settled {
            self.metrics.settled(row);
        }
        let lost = settlements.len() - recorded.settled.len();
        if lost > 0 {
            tracing::warn!(lost, "leases ran out while mails were sent; their outcome is decided elsewhere");
        }
    }
}

/// A connection beside the pool: a busy pool shall not hold mail up, and its settings are for one statement only.
async fn connect(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    let options = pool.connect_options();
    let connecting = async {
        let mut connection = PgConnection::connect_with(&options).await?;
        ledger::plan_once(&mut connection).await?;
        Ok(connection)
    };
    tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
