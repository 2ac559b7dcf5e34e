//! A database with the outbox in it, an event, and publishers to look into.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventbus::{Ack, Envelope, Event, PublishError, Publisher, RetryPolicy};
use outbox::{Outbox, Relay, RelayConfig};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long anything may take before a test gives up.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Numbered {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(uint32, tag = "2")]
    pub(crate) number: u32,
}

impl prost::Name for Numbered {
    const NAME: &'static str = "Numbered";
    const PACKAGE: &'static str = "test.v1";
}

impl Event for Numbered {
    const TOPIC: &'static str = "test.events";

    fn key(&self) -> &str {
        &self.key
    }
}

pub(crate) fn event(key: &str, number: u32) -> Numbered {
    Numbered { key: key.to_owned(), number }
}

/// A fresh database with the outbox in it.
pub(crate) async fn database() -> PgPool {
    let url = embedded::postgres::fresh_database("outbox").await;
    let pool = PgPoolOptions::new().max_connections(8).connect(&url).await.expect("the database is there");
    outbox::migrate(&pool).await.expect("the outbox can be created");
    pool
}

/// Short pauses and no other surprises.
pub(crate) fn config() -> RelayConfig {
    RelayConfig {
        poll_interval: Duration::from_millis(200),
        retry: RetryPolicy {
            initial: Duration::from_millis(10),
            max: Duration::from_millis(100),
            max_attempts: None,
        },
        max_attempts: 3,
        drain_timeout: Duration::from_millis(500),
        ..RelayConfig::default()
    }
}

pub(crate) struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start<P: Publisher + 'static>(
        pool: &PgPool,
        publisher: P,
        outbox: &Outbox,
        config: RelayConfig,
    ) -> Self {
        let shutdown = CancellationToken::new();
        let relay = Relay::new(pool.clone(), publisher, outbox, config);
        let task = tokio::spawn(relay.run(shutdown.clone()));
        Self { shutdown, task }
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(LIMIT, self.task)
            .await
            .expect("the relay stops in time")
            .expect("without panic");
    }

    /// Ends it as a crash would: nothing is finished and its connection breaks.
    pub(crate) async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.expect_err("the relay was running").is_cancelled());
    }
}

pub(crate) async fn commit(pool: &PgPool, outbox: &Outbox, events: &[Numbered]) {
    let mut transaction = pool.begin().await.expect("a transaction begins");
    outbox.enqueue_all(&mut transaction, events).await.expect("events are written");
    transaction.commit().await.expect("the transaction commits");
    outbox.committed();
}

type Answer = dyn Fn(&Envelope) -> Result<Ack, PublishError> + Send + Sync;

/// Keeps what is published and answers as it is told to.
#[derive(Clone)]
pub(crate) struct Recorder {
    answer: Arc<Answer>,
    taken: Arc<Mutex<Vec<Envelope>>>,
    changed: watch::Sender<()>,
    /// Takes records but never says so.
    mute: bool,
}

impl Recorder {
    pub(crate) fn new(
        answer: impl Fn(&Envelope) -> Result<Ack, PublishError> + Send + Sync + 'static,
    ) -> Self {
        Self { answer: Arc::new(answer), taken: Arc::default(), changed: watch::Sender::new(()), mute: false }
    }

    pub(crate) fn accepting() -> Self {
        Self::new(|_| Ok(Ack { position: None }))
    }

    pub(crate) fn mute() -> Self {
        Self { mute: true, ..Self::accepting() }
    }

    pub(crate) fn taken(&self) -> MutexGuard<'_, Vec<Envelope>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.taken().iter().map(number).collect()
    }

    pub(crate) async fn wait_for(&self, count: usize) {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while self.taken().len() < count {
                changed.changed().await.expect("the recorder holds a sender");
            }
        };
        let reached = tokio::time::timeout(LIMIT, waiting).await;
        assert!(reached.is_ok(), "waited in vain for {count} events; there are {:?}", self.numbers());
    }
}

impl Publisher for Recorder {
    async fn publish(&self, batch: &[Envelope]) -> Vec<Result<Ack, PublishError>> {
        let mut results = Vec::with_capacity(batch.len());
        for envelope in batch {
            let result = (self.answer)(envelope);
            if result.is_ok() {
                self.taken().push(envelope.clone());
            }
            results.push(result);
        }
        self.changed.send_replace(());
        if self.mute {
            std::future::pending::<()>().await;
        }
        results
    }
}

pub(crate) fn number(envelope: &Envelope) -> u32 {
    envelope.decode::<Numbered>().expect("the payload is the event").number
}

/// Polls until `reached`; for conditions that nothing announces.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, reached: impl Fn() -> F) {
    let polling = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, polling).await.is_ok(), "waited in vain until {what}");
}
