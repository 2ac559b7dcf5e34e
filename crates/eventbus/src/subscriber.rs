//! A member of a consumer group, seen by a service.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{BoxError, BusState, Handler, RetryPolicy, TopicSpec, dead_letter_topic};

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

impl ConsumerRole {
    /// Whether it puts what it cannot handle with the dead letters.
    pub fn buries(self) -> bool {
        matches!(self, Self::Worker | Self::Collector)
    }
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
    /// The client gave up, which it does not do because a broker is away.
    #[error("the consumer failed")]
    Client(#[source] BoxError),
    /// The group was not left in time; its partitions are free once the broker misses the member.
    #[error("the consumer group was not left in time")]
    Close,
}

/// Consumes topics as a member of a group.
pub trait Subscriber: Send + 'static {
    /// Whether the broker can be reached.
    fn state(&self) -> watch::Receiver<BusState>;

    /// Consumes until `shutdown` is cancelled, then finishes what the handler has in hand, tells the broker what is
    /// finished and leaves the group. A broker that is away, at the start or later, is waited for. Dropping the future does
    /// the same in the background.
    fn run<H: Handler>(
        self,
        handler: H,
        shutdown: CancellationToken,
    ) -> impl Future<Output = Result<(), ConsumerError>> + Send + 'static;
}
