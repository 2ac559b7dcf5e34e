//! A member of a consumer group.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use chrono::Utc;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::assignment::{Progress, WorkerHandle};
use super::config::{ConnectionContext, KafkaConfig, KafkaConfigError};
use super::dead_letters::{self, DeadLetters};
use super::group::{GroupContext, StartWorker};
use super::topics::TopicSpec;
use super::worker::{Shared, Worker};
use super::{headers, poll_loop};
use crate::metrics::ConsumerMetrics;
use crate::state::StateReporter;
use crate::{BusState, Handler, RetryPolicy};

/// Where the records go that a group cannot handle.
pub fn dead_letter_topic(group: &str) -> String {
    format!("{group}.dead-letters")
}

/// What a consumer is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumerRole {
    /// Handles every event for its group: a new group starts at the oldest event, and what cannot be handled goes to the
    /// dead letters.
    Worker,
    /// Tells people what happens while it happens: a new group starts at the next event, and what cannot be read is
    /// somebody else's to bury. Its group is its own, so that it sees every event, whoever else listens.
    Listener,
    /// Looks after the dead letters of others: every record of its topics, whatever its shape, reaches the handler as a
    /// [`DeadLetter`](crate::DeadLetter).
    Collector,
}

/// What to consume and how.
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// What the consumer is there for.
    pub role: ConsumerRole,
    /// The group whose members share the partitions.
    pub group: String,
    /// What the group is called in metrics. A group of one process alone takes a name that outlives the process, or
    /// every start would begin series of its own.
    pub group_in_metrics: String,
    /// The topics to consume.
    pub topics: Vec<String>,
    /// The most records in one call of the handler.
    pub max_batch: usize,
    /// The most bytes of the records in one call of the handler; a larger record comes alone.
    pub max_batch_bytes: usize,
    /// The most records of a partition between the committed offset and the last one read.
    pub max_in_flight: usize,
    /// The most bytes of those records, to which the one read last may add.
    pub max_in_flight_bytes: usize,
    /// How records are repeated.
    pub retry: RetryPolicy,
    /// How long the handler may take for a batch. One that takes longer is given up at its next await, because a server
    /// that has vanished without a word would hold the partition for ever; its records are repeated one by one.
    pub handler_timeout: Duration,
    /// How often finished offsets are committed; a killed process repeats what it did since.
    pub commit_interval: Duration,
    /// How long a revoked or closing partition waits for the batch in the handler's hands.
    pub drain_timeout: Duration,
    /// How long leaving the group may take, including the drain.
    pub close_timeout: Duration,
    /// How partitions are shared out: `cooperative-sticky` moves few of them, `range` suits brokers that cannot do that.
    pub assignment_strategy: String,
    /// Where rejected and undecodable records go. It is created when the first one comes up.
    pub dead_letters: TopicSpec,
}

impl ConsumerConfig {
    /// The defaults for `group`.
    pub fn new(group: &str, topics: &[&str]) -> Self {
        Self {
            role: ConsumerRole::Worker,
            group: group.to_owned(),
            group_in_metrics: group.to_owned(),
            topics: topics.iter().copied().map(str::to_owned).collect(),
            max_batch: 500,
            max_batch_bytes: 1024 * 1024,
            max_in_flight: 2_000,
            max_in_flight_bytes: 2 * 1024 * 1024,
            retry: RetryPolicy::default(),
            handler_timeout: Duration::from_secs(30),
            commit_interval: Duration::from_millis(500),
            drain_timeout: Duration::from_secs(4),
            close_timeout: Duration::from_secs(8),
            assignment_strategy: "cooperative-sticky".to_owned(),
            dead_letters: TopicSpec { name: dead_letter_topic(group), partitions: 1, replication: -1 },
        }
    }

    /// A listener; `group` must be of this process alone. What it commits carries it over an outage of the broker and
    /// is forgotten with the group.
    pub fn listener(group: &str, topics: &[&str]) -> Self {
        Self { role: ConsumerRole::Listener, ..Self::new(group, topics) }
    }

    /// A collector of what lies on dead-letter topics.
    pub fn collector(group: &str, topics: &[&str]) -> Self {
        Self { role: ConsumerRole::Collector, ..Self::new(group, topics) }
    }
}

/// Why consuming ended.
#[derive(Debug, thiserror::Error)]
pub enum ConsumerError {
    /// The thread of the consumer could not be started.
    #[error("the consumer's thread could not be started")]
    Thread(#[source] std::io::Error),
    /// librdkafka gave up, which it does not do because a broker is away.
    #[error("the Kafka consumer failed")]
    Client(#[source] KafkaError),
    /// The group was not left in time; its partitions are free after the session timeout.
    #[error("the consumer group was not left in time")]
    Close,
}

/// Consumes topics as a member of a group.
#[derive(Debug)]
pub struct KafkaConsumer {
    kafka: KafkaConfig,
    config: ConsumerConfig,
    state: StateReporter,
}

impl KafkaConsumer {
    /// Checks the configuration; nothing is connected before [`KafkaConsumer::run`].
    pub fn new(kafka: &KafkaConfig, config: ConsumerConfig) -> Result<Self, KafkaConfigError> {
        let client = kafka.consumer(&config);
        client.create_native_config().map_err(KafkaConfigError)?;
        let state = StateReporter::new(&kafka.client_id);
        Ok(Self { kafka: kafka.clone(), config, state })
    }

    /// Whether the brokers can be reached.
    pub fn state(&self) -> watch::Receiver<BusState> {
        self.state.subscribe()
    }

    /// Consumes until `shutdown` is cancelled, then finishes what the handler has in hand, commits and leaves the
    /// group. Brokers that are away, at the start or later, are waited for. Dropping the future does the same in the
    /// background.
    pub async fn run<H: Handler>(self, handler: H, shutdown: CancellationToken) -> Result<(), ConsumerError> {
        let stop = CancellationToken::new();
        let _stop_when_dropped = stop.clone().drop_guard();
        let close_timeout = self.config.close_timeout;
        let consumer = self.join(handler)?;
        let (ended, mut end) = oneshot::channel();
        let (config, until) = (self.config, stop.clone());
        thread::Builder::new()
            .name("kafka-consumer".to_owned())
            .spawn(move || ended.send(poll_loop::run(consumer, &config, &until)))
            .map_err(ConsumerError::Thread)?;

        tokio::select! {
            result = &mut end => return result.unwrap_or(Err(ConsumerError::Close)),
            () = shutdown.cancelled() => stop.cancel(),
        }
        // The thread keeps its own deadline except where librdkafka blocks inside one call.
        match tokio::time::timeout(close_timeout + Duration::from_secs(1), end).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(ConsumerError::Close),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a signature is judged by the time at which its record is read"
    )]
    fn join<H: Handler>(&self, handler: H) -> Result<Arc<BaseConsumer<GroupContext>>, ConsumerError> {
        let config = &self.config;
        let buried = match config.role {
            ConsumerRole::Worker | ConsumerRole::Collector => config.topics.as_slice(),
            ConsumerRole::Listener => &[],
        };
        let metrics = Arc::new(ConsumerMetrics::new(&config.group_in_metrics, buried));
        let workers = workers(Shared {
            handler,
            group: config.group.clone(),
            read: match config.role {
                ConsumerRole::Worker | ConsumerRole::Listener => {
                    let trusted = self.kafka.trusted.clone();
                    Box::new(move |record| headers::read_trusted(record, &trusted, Utc::now()))
                }
                ConsumerRole::Collector => Box::new(dead_letters::read),
            },
            max_batch: config.max_batch.max(1),
            handler_timeout: config.handler_timeout,
            max_batch_bytes: config.max_batch_bytes,
            max_in_flight: config.max_in_flight.max(1),
            max_in_flight_bytes: config.max_in_flight_bytes.max(1),
            retry: config.retry,
            dead_letters: DeadLetters::new(&self.kafka, config),
            metrics: Arc::clone(&metrics),
        });
        let connection = ConnectionContext { state: self.state.clone() };
        let context = GroupContext::new(connection, metrics, config.drain_timeout, workers);
        let client = self.kafka.consumer(config);
        let consumer: BaseConsumer<GroupContext> =
            client.create_with_context(context).map_err(ConsumerError::Client)?;
        let consumer = Arc::new(consumer);
        consumer.context().introduce(&consumer);
        Ok(consumer)
    }
}

/// Workers are tasks of the runtime that is current here; the poll thread that starts them has none.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing goes over the channel: its end tells a thread that a task is over"
)]
fn workers<H: Handler>(shared: Shared<H>) -> StartWorker {
    let shared = Arc::new(shared);
    let runtime = Handle::current();
    Box::new(move |queue| {
        let stop = CancellationToken::new();
        let progress = Arc::new(Progress::new());
        let (alive, ended) = mpsc::channel();
        let worker = Worker::new(Arc::clone(&shared), queue, Arc::clone(&progress), stop.clone());
        let task = runtime.spawn(async move {
            worker.run().await;
            drop(alive);
        });
        WorkerHandle { stop, ended, abort: task.abort_handle(), progress }
    })
}
