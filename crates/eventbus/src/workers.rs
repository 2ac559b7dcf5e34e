//! Workers for the partitions that a member owns, as its adapter starts and stops them.

use std::convert::Infallible;
use std::sync::{Arc, mpsc};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::dead_letter::{self, Cause, DeadLetterTopic};
use crate::metrics::ConsumerMetrics;
use crate::worker::Worker;
use crate::{BoxError, ConsumerConfig, Handler, Record, Terms, TrustedSigners};

/// The records of one partition in their order. A worker that does not ask for the next one must not be sent more than
/// memory holds: that is the back-pressure.
pub trait Partition: Send + 'static {
    /// A record as the broker's client holds it.
    type Record: Record;

    /// The topic.
    fn topic(&self) -> &str;

    /// Which part of it.
    fn number(&self) -> i32;

    /// The next record if one is there. Offsets rise from one to the next for as long as the worker runs.
    fn next(&mut self) -> Option<Self::Record>;

    /// Waits until there may be records again; the wait may be dropped.
    fn filled(&mut self) -> impl Future<Output = ()> + Send;
}

/// How far a worker has finished its partition.
#[derive(Debug)]
pub struct Progress(watch::Sender<Option<i64>>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(crate) fn set(&self, position: i64) {
        self.0.send_if_modified(|known| known.replace(position) != Some(position));
    }

    /// One behind the last offset of what is finished without a gap; `None` before the first.
    pub fn get(&self) -> Option<i64> {
        *self.0.borrow()
    }

    /// The same as it moves.
    pub fn subscribe(&self) -> watch::Receiver<Option<i64>> {
        self.0.subscribe()
    }
}

/// A running worker, seen from outside.
#[derive(Debug)]
pub struct WorkerHandle {
    /// Asks the worker to finish the batch in its hands and end.
    pub stop: CancellationToken,
    /// Closed when the worker has ended, in whatever way: for threads that wait.
    pub ended: mpsc::Receiver<Infallible>,
    /// The worker itself: for tasks that wait, and to end it at its next await.
    pub task: JoinHandle<()>,
    /// What it has finished.
    pub progress: Arc<Progress>,
}

/// What the workers of a consumer share.
pub(crate) struct Shared<H, D> {
    pub(crate) handler: H,
    pub(crate) config: ConsumerConfig,
    pub(crate) trusted: TrustedSigners,
    pub(crate) dead_letters: D,
    pub(crate) metrics: Arc<ConsumerMetrics>,
    pub(crate) terms: &'static Terms,
}

/// Starts a worker for each partition that a member is given.
pub struct Workers<H, D> {
    shared: Arc<Shared<H, D>>,
    runtime: Handle,
}

impl<H: Handler, D: DeadLetterTopic> Workers<H, D> {
    /// The workers of a consumer. They are tasks of the runtime that is current here; whoever starts them may have none.
    pub fn new(
        config: &ConsumerConfig,
        trusted: &TrustedSigners,
        handler: H,
        dead_letters: D,
        metrics: Arc<ConsumerMetrics>,
        terms: &'static Terms,
    ) -> Self {
        let config = ConsumerConfig {
            max_batch: config.max_batch.max(1),
            max_in_flight: config.max_in_flight.max(1),
            max_in_flight_bytes: config.max_in_flight_bytes.max(1),
            ..config.clone()
        };
        let shared = Shared { handler, config, trusted: trusted.clone(), dead_letters, metrics, terms };
        Self { shared: Arc::new(shared), runtime: Handle::current() }
    }

    /// Starts the worker of a partition.
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing goes over the channel: its end tells a thread that a task is over"
    )]
    pub fn start(&self, partition: impl Partition<Record = D::Record>) -> WorkerHandle {
        let stop = CancellationToken::new();
        let progress = Arc::new(Progress::new());
        let (alive, ended) = mpsc::channel();
        let worker = Worker::new(Arc::clone(&self.shared), partition, Arc::clone(&progress), stop.clone());
        let task = self.runtime.spawn(async move {
            worker.run().await;
            drop(alive);
        });
        WorkerHandle { stop, ended, task, progress }
    }
}

impl<H: Handler, D: DeadLetterTopic> Shared<H, D> {
    /// Puts a record with the dead letters of the group; a listener passes it over.
    pub(crate) async fn bury(
        &self,
        record: &D::Record,
        cause: &Cause,
        attempts: u32,
    ) -> Result<(), BoxError> {
        let (topic, position) = (record.topic(), record.position());
        if !self.config.role.buries() {
            tracing::debug!(topic, reason = cause.reason, "a record was passed over");
            return Ok(());
        }
        let additions = dead_letter::additions(&self.config.group, record, cause, attempts);
        self.dead_letters.put(record, &additions).await?;
        self.metrics.dead_letter(topic, cause.reason);
        tracing::warn!(
            topic,
            partition = position.partition(),
            offset = position.offset(),
            reason = cause.reason,
            message = cause.message,
            attempts,
            "a record was put with the dead letters"
        );
        Ok(())
    }
}
