//! The partitions this member owns, each with its worker.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rdkafka::{Offset, TopicPartitionList};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

/// The offset up to which a worker has finished its partition.
#[derive(Debug)]
pub(crate) struct Progress(AtomicI64);

/// Nothing is finished or committed yet.
const NOTHING: i64 = -1;

impl Progress {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(NOTHING))
    }

    pub(crate) fn set(&self, position: i64) {
        self.0.store(position, Ordering::Release);
    }

    fn get(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }
}

/// A running worker, seen from outside.
#[derive(Debug)]
pub(crate) struct WorkerHandle {
    /// Asks the worker to finish the batch in its hands and end.
    pub(crate) stop: CancellationToken,
    /// Closed when the worker has ended, in whatever way.
    pub(crate) ended: mpsc::Receiver<Infallible>,
    /// Ends it at its next await.
    pub(crate) abort: AbortHandle,
    /// What it has finished.
    pub(crate) progress: Arc<Progress>,
}

#[derive(Debug)]
struct Owned {
    worker: WorkerHandle,
    committed: i64,
}

/// The workers by topic and partition.
#[derive(Debug, Default)]
pub(crate) struct Assignment {
    owned: HashMap<(String, i32), Owned>,
}

impl Assignment {
    pub(crate) fn add(&mut self, topic: &str, partition: i32, worker: WorkerHandle) {
        self.owned.insert((topic.to_owned(), partition), Owned { worker, committed: NOTHING });
    }

    /// Stops the workers of `partitions`, waits for the batches in their hands up to `timeout`, and returns the
    /// positions to commit.
    pub(crate) fn remove(
        &mut self,
        partitions: &TopicPartitionList,
        timeout: Duration,
    ) -> TopicPartitionList {
        let keys = partitions.elements().into_iter().map(|one| (one.topic().to_owned(), one.partition()));
        let removed: Vec<_> =
            keys.filter_map(|key| self.owned.remove(&key).map(|owned| (key, owned))).collect();
        for (_, owned) in &removed {
            owned.worker.stop.cancel();
        }
        let deadline = Instant::now() + timeout;
        let mut positions = TopicPartitionList::new();
        for ((topic, partition), mut owned) in removed {
            let left = deadline.saturating_duration_since(Instant::now());
            if owned.worker.ended.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Timeout) {
                tracing::warn!(
                    topic,
                    partition,
                    "a handler did not finish in time, its records will be repeated"
                );
                owned.worker.abort.abort();
            }
            // The commit that was started last may have failed, and this one is the last.
            owned.committed = NOTHING;
            add_uncommitted(&mut positions, &topic, partition, &mut owned);
        }
        positions
    }

    /// Whether no partition is owned.
    pub(crate) fn is_empty(&self) -> bool {
        self.owned.is_empty()
    }

    /// The positions that moved since they were last returned.
    pub(crate) fn uncommitted(&mut self) -> TopicPartitionList {
        let mut positions = TopicPartitionList::new();
        for ((topic, partition), owned) in &mut self.owned {
            add_uncommitted(&mut positions, topic, *partition, owned);
        }
        positions
    }

    /// Counts all positions as uncommitted again, after a commit has failed.
    pub(crate) fn forget_commits(&mut self) {
        for owned in self.owned.values_mut() {
            owned.committed = NOTHING;
        }
    }
}

fn add_uncommitted(positions: &mut TopicPartitionList, topic: &str, partition: i32, owned: &mut Owned) {
    let position = owned.worker.progress.get();
    if position == owned.committed {
        return;
    }
    match positions.add_partition_offset(topic, partition, Offset::Offset(position)) {
        Ok(()) => owned.committed = position,
        Err(error) => tracing::error!(topic, partition, %error, "an offset cannot be committed"),
    }
}
