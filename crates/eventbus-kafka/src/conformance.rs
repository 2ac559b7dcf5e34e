//! The suite's view of a Kafka-compatible broker.

#![expect(
    clippy::disallowed_methods,
    reason = "tests live by the clock of the machine, on threads of their own"
)]

use std::time::Duration;

use eventbus::conformance::{Bus, LIMIT, RawRecord, Subscription};
use eventbus::{ConsumerConfig, Handler, RetryPolicy, TopicSpec};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{KafkaConfig, KafkaConsumer, KafkaPublisher, create_topics};

/// Runs the suite on a Kafka-compatible broker.
#[derive(Clone, Debug)]
pub struct KafkaBus {
    config: KafkaConfig,
}

impl KafkaBus {
    /// The broker at `brokers`.
    pub fn new(brokers: &str) -> Self {
        Self::with_config(KafkaConfig::new(brokers, "conformance"))
    }

    /// A broker that asks for more than its address.
    pub fn with_config(config: KafkaConfig) -> Self {
        Self { config }
    }

    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.config.brokers);
        for (name, value) in self.config.security.properties() {
            client.set(name, value);
        }
        client
    }
}

impl Bus for KafkaBus {
    type Publisher = KafkaPublisher;

    fn publisher(&self) -> KafkaPublisher {
        KafkaPublisher::new(&self.config).expect("the configuration is valid")
    }

    async fn fresh_topic(&self, partitions: i32) -> String {
        let name = format!("conformance.{}", Uuid::now_v7());
        let topic = TopicSpec { name: name.clone(), partitions, replication: 1 };
        create_topics(&self.config, &[topic]).await.expect("the broker creates topics");
        name
    }

    fn subscribe<H: Handler>(&self, group: &str, topic: &str, handler: H) -> Subscription {
        let mut config = ConsumerConfig::new(group, &[topic]);
        config.retry = RetryPolicy {
            initial: Duration::from_millis(50),
            max: Duration::from_millis(200),
            max_attempts: Some(3),
        };
        config.handler_timeout = Duration::from_secs(3);
        config.drain_timeout = Duration::from_secs(1);
        let consumer = KafkaConsumer::new(&self.config, config).expect("the configuration is valid");
        let shutdown = CancellationToken::new();
        let running = consumer.run(handler, shutdown.clone());
        let task = tokio::spawn(async move { running.await.expect("the member leaves the group in time") });
        Subscription::new(shutdown, task)
    }

    async fn write(&self, topic: &str, record: RawRecord) {
        let producer: FutureProducer = self.client().create().expect("the configuration is valid");
        let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
        let mut new = FutureRecord::<[u8], [u8]>::to(topic).headers(headers);
        new.key = record.key.as_deref();
        new.payload = record.payload.as_deref();
        producer.send(new, LIMIT).await.map_err(|(error, _)| error).expect("the broker takes the record");
    }

    async fn read(&self, topic: &str, count: usize) -> Vec<RawRecord> {
        let (client, topic) = (self.client(), topic.to_owned());
        tokio::task::spawn_blocking(move || read(&client, &topic, count))
            .await
            .expect("reading does not panic")
    }
}

fn read(client: &ClientConfig, topic: &str, count: usize) -> Vec<RawRecord> {
    let deadline = std::time::Instant::now() + LIMIT;
    let mut client = client.clone();
    client.set("group.id", Uuid::now_v7().to_string()).set("enable.auto.commit", "false");
    let consumer: BaseConsumer = client.create().expect("the configuration is valid");
    let partitions = loop {
        assert!(std::time::Instant::now() < deadline, "the topic {topic} does not come into being");
        let metadata = consumer.fetch_metadata(Some(topic), Duration::from_secs(5));
        let partitions = metadata.map_or(0, |metadata| {
            metadata
                .topics()
                .iter()
                .filter(|found| found.error().is_none())
                .map(|found| found.partitions().len())
                .sum()
        });
        if partitions > 0 {
            break partitions;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut all = TopicPartitionList::new();
    for partition in 0..partitions {
        all.add_partition_offset(topic, partition as i32, Offset::Beginning).expect("the offset is valid");
    }
    consumer.assign(&all).expect("the partitions exist");
    let mut records = Vec::new();
    while records.len() < count {
        assert!(std::time::Instant::now() < deadline, "{topic} holds {} of {count} records", records.len());
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        let headers = message.headers().into_iter().flat_map(Headers::iter);
        records.push(RawRecord {
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            headers: headers
                .map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
                .collect(),
        });
    }
    records
}
