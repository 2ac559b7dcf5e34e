//! The records of one partition, awaited without a thread.
//!
//! Each partition has a queue of its own in librdkafka. A worker that does not read lets its queue fill up to
//! `queued.max.messages.kbytes`, then librdkafka stops to fetch for it: that is the back-pressure. Pausing partitions
//! would throw away what was fetched already.

use std::sync::Arc;
use std::time::Duration;

use eventbus::adapter::Partition;
use rdkafka::consumer::base_consumer::PartitionQueue;
use tokio::sync::Notify;

use crate::group::GroupContext;
use crate::record::KafkaRecord;

/// librdkafka signals that a queue is no longer empty; should a signal be missed, the queue is looked at this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

pub(crate) struct RecordQueue {
    topic: Arc<str>,
    partition: i32,
    queue: PartitionQueue<GroupContext>,
    filled: Arc<Notify>,
}

impl RecordQueue {
    pub(crate) fn new(topic: &str, partition: i32, mut queue: PartitionQueue<GroupContext>) -> Self {
        let filled = Arc::new(Notify::new());
        let signal = Arc::clone(&filled);
        queue.set_nonempty_callback(move || signal.notify_one());
        Self { topic: topic.into(), partition, queue, filled }
    }
}

impl Partition for RecordQueue {
    type Record = KafkaRecord;

    fn topic(&self) -> &str {
        &self.topic
    }

    fn number(&self) -> i32 {
        self.partition
    }

    fn next(&mut self) -> Option<KafkaRecord> {
        loop {
            match self.queue.poll(Duration::ZERO)? {
                Ok(message) => return Some(KafkaRecord::new(Arc::clone(&self.topic), &message)),
                Err(error) => tracing::warn!(topic = &*self.topic, %error, "a fetch failed and is repeated"),
            }
        }
    }

    async fn filled(&mut self) {
        // Running out of time is one of the two reasons to look again.
        let _ = tokio::time::timeout(LOOK_ANYWAY, self.filled.notified()).await;
    }
}
