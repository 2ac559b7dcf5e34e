//! The partitions this member owns, each with its worker.

use std::collections::HashMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use eventbus::adapter::WorkerHandle;
use rdkafka::{Offset, TopicPartitionList};

#[derive(Debug)]
struct Owned {
    worker: WorkerHandle,
    committed: Option<i64>,
}

/// The workers by topic and partition.
#[derive(Debug, Default)]
pub(crate) struct Assignment {
    owned: HashMap<(String, i32), Owned>,
}

impl Assignment {
    pub(crate) fn add(&mut self, topic: &str, partition: i32, worker: WorkerHandle) {
        self.owned.insert((topic.to_owned(), partition), Owned { worker, committed: None });
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
                owned.worker.task.abort();
            }
            // The commit that was started last may have failed, and this one is the last.
            owned.committed = None;
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
            owned.committed = None;
        }
    }
}

fn add_uncommitted(positions: &mut TopicPartitionList, topic: &str, partition: i32, owned: &mut Owned) {
    let position = owned.worker.progress.get();
    let Some(offset) = position.filter(|_| position != owned.committed) else { return };
    match positions.add_partition_offset(topic, partition, Offset::Offset(offset)) {
        Ok(()) => owned.committed = position,
        Err(error) => tracing::error!(topic, partition, %error, "an offset cannot be committed"),
    }
}
