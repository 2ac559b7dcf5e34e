//! Kafka, through a client that knows nothing of this system.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const LIMIT: Duration = Duration::from_secs(20);

/// A record as it lies on the topic.
pub(crate) struct Record {
    pub(crate) key: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) payload: Vec<u8>,
}

impl From<BorrowedMessage<'_>> for Record {
    fn from(message: BorrowedMessage<'_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let headers = message.headers().unwrap().iter();
        Self {
            key: text(message.key().unwrap()),
            headers: headers.map(|header| (header.key.to_owned(), text(header.value.unwrap()))).collect(),
            payload: message.payload().unwrap().to_vec(),
        }
    }
}

/// A consumer that reads a topic from its beginning, and how many records there are by now.
fn open(brokers: &str, topic: &str) -> (StreamConsumer, usize) {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "an-outsider")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), LIMIT).unwrap();
    let mut partitions = TopicPartitionList::new();
    let mut count = 0;
    for partition in metadata.topics()[0].partitions() {
        partitions.add_partition_offset(topic, partition.id(), Offset::Beginning).unwrap();
        let (low, high) = consumer.fetch_watermarks(topic, partition.id(), LIMIT).unwrap();
        count += usize::try_from(high - low).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    (consumer, count)
}

/// Reads a topic from its beginning until `enough`.
pub(crate) async fn read_topic(
    brokers: &str,
    topic: &str,
    enough: impl Fn(&[Record]) -> bool,
) -> Vec<Record> {
    let (consumer, _) = open(brokers, topic);
    let mut records = Vec::new();
    let reading = async {
        while !enough(&records) {
            records.push(Record::from(consumer.recv().await.unwrap()));
        }
    };
    tokio::time::timeout(LIMIT, reading).await.expect("the records arrive");
    records
}

/// The records of a key that are on a topic by now.
pub(crate) async fn records_of(brokers: &str, topic: &str, key: &str) -> Vec<Record> {
    let (consumer, count) = open(brokers, topic);
    let mut records = Vec::new();
    let reading = async {
        for _ in 0..count {
            records.push(Record::from(consumer.recv().await.unwrap()));
        }
    };
    tokio::time::timeout(LIMIT, reading).await.expect("the records arrive");
    records.retain(|record| record.key == key);
    records
}
