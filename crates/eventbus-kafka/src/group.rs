//! Membership in the consumer group.
//!
//! librdkafka calls in here while the poll thread polls. Assigned partitions get a queue and a worker *before*
//! librdkafka starts to fetch them, so that no record takes the common queue. Revoked ones are given up in this order:
//! their workers are stopped, the batches in their hands are awaited for a bounded time, the finished positions are
//! committed, the rest is dropped; only then does the group hand the partitions to someone else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use eventbus::adapter::{ConsumerMetrics, WorkerHandle};
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};

use crate::assignment::Assignment;
use crate::config::ConnectionContext;
use crate::record_queue::RecordQueue;
use crate::statistics::Statistics;

/// Starts the worker of a partition.
pub(crate) type StartWorker = Box<dyn Fn(RecordQueue) -> WorkerHandle + Send + Sync>;

pub(crate) struct GroupContext {
    connection: ConnectionContext,
    metrics: Arc<ConsumerMetrics>,
    drain_timeout: Duration,
    start_worker: StartWorker,
    /// The consumer itself, which partition queues need to be split off. Weak, or it would keep itself alive.
    consumer: OnceLock<Weak<BaseConsumer<GroupContext>>>,
    assignment: Mutex<Assignment>,
    commit_failed: AtomicBool,
}

impl GroupContext {
    pub(crate) fn new(
        connection: ConnectionContext,
        metrics: Arc<ConsumerMetrics>,
        drain_timeout: Duration,
        start_worker: StartWorker,
    ) -> Self {
        Self {
            connection,
            metrics,
            drain_timeout,
            start_worker,
            consumer: OnceLock::new(),
            assignment: Mutex::default(),
            commit_failed: AtomicBool::new(false),
        }
    }

    /// Has to be called once before the first poll.
    pub(crate) fn introduce(&self, consumer: &Arc<BaseConsumer<GroupContext>>) {
        let _ = self.consumer.set(Arc::downgrade(consumer));
    }

    /// Whether a broker is connected; `None` before that is known.
    pub(crate) fn reachable(&self) -> Option<bool> {
        self.connection.state.reachable()
    }

    /// Whether the member owns no partition.
    pub(crate) fn is_idle(&self) -> bool {
        self.assignment().is_empty()
    }

    /// Starts to commit what was finished since the last time.
    pub(crate) fn commit_progress(&self, consumer: &BaseConsumer<GroupContext>) {
        let mut assignment = self.assignment();
        if self.commit_failed.swap(false, Ordering::AcqRel) {
            assignment.forget_commits();
        }
        commit(consumer, &assignment.uncommitted(), CommitMode::Async);
    }

    fn assign(&self, partitions: &TopicPartitionList) {
        let consumer = self.consumer.get().and_then(Weak::upgrade);
        let consumer =
            consumer.expect("the consumer is introduced before it is polled and lives while it is");
        for one in partitions.elements() {
            let (topic, partition) = (one.topic(), one.partition());
            let queue = consumer.split_partition_queue(topic, partition);
            let queue = queue.expect("librdkafka has a queue for each partition it assigns");
            let worker = (self.start_worker)(RecordQueue::new(topic, partition, queue));
            self.assignment().add(topic, partition, worker);
            tracing::info!(topic, partition, "partition assigned");
        }
    }

    fn revoke(&self, consumer: &BaseConsumer<GroupContext>, partitions: &TopicPartitionList) {
        let positions = self.assignment().remove(partitions, self.drain_timeout);
        // A member that was thrown out of the group has nothing to say any more, and nobody to say it to without a
        // broker.
        if !consumer.assignment_lost() && self.reachable() != Some(false) {
            commit(consumer, &positions, CommitMode::Sync);
        }
        for one in partitions.elements() {
            tracing::info!(topic = one.topic(), partition = one.partition(), "partition revoked");
        }
    }

    fn assignment(&self) -> MutexGuard<'_, Assignment> {
        self.assignment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn commit(consumer: &BaseConsumer<GroupContext>, positions: &TopicPartitionList, mode: CommitMode) {
    if positions.count() == 0 {
        return;
    }
    if let Err(error) = consumer.commit(positions, mode) {
        tracing::warn!(%error, "offsets were not committed, their records may be repeated");
        consumer.context().commit_failed.store(true, Ordering::Release);
    }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.connection.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.connection.error(error, reason);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        let Some(statistics) = Statistics::read(statistics) else { return };
        for (topic, partition, lag) in statistics.lags() {
            self.metrics.lag(topic, partition, lag);
        }
        self.connection.told(&statistics);
    }
}

impl ConsumerContext for GroupContext {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => self.assign(partitions),
            Rebalance::Revoke(partitions) => self.revoke(consumer, partitions),
            Rebalance::Error(error) => tracing::warn!(%error, "rebalance failed"),
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _positions: &TopicPartitionList) {
        match result {
            Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => {}
            Err(error) => {
                tracing::debug!(%error, "a commit failed and is repeated");
                self.commit_failed.store(true, Ordering::Release);
            }
        }
    }
}
