//! What a consumer group has not finished, as the broker knows it.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const LIMIT: Duration = Duration::from_secs(20);

/// How many records of each partition of `topic` are behind the offset that `group` has committed.
pub(super) fn backlog(brokers: &str, topic: &str, group: &str) -> BTreeMap<i32, i64> {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", group).create().unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), LIMIT).unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        partitions.add_partition(topic, partition.id());
    }
    let committed = consumer.committed_offsets(partitions, LIMIT).unwrap();
    let backlog = committed.elements().into_iter().map(|one| {
        let (low, high) = consumer.fetch_watermarks(topic, one.partition(), LIMIT).unwrap();
        let finished = if let Offset::Offset(offset) = one.offset() { offset } else { low };
        (one.partition(), high - finished)
    });
    backlog.collect()
}
