//! Topics whose broker compresses, in whichever way its operator likes.

use std::collections::HashSet;

use eventbus_kafka::KafkaConfig;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

use crate::ledger::Ledger;
use crate::load::Load;
use crate::member::Member;

async fn create(kafka: &KafkaConfig, topic: &str, compression: &str) {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &kafka.brokers);
    let admin: AdminClient<DefaultClientContext> = client.create().unwrap();
    let new = NewTopic::new(topic, 1, TopicReplication::Fixed(1)).set("compression.type", compression);
    for answer in admin.create_topics(&[new], &AdminOptions::new()).await.unwrap() {
        answer.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_every_compression_are_read() {
    let brokers = crate::shared_broker().await.addr().to_string();
    let kafka = KafkaConfig::new(&brokers, "compression");
    for compression in ["gzip", "snappy", "lz4", "zstd"] {
        let topic = format!("compressed.{compression}");
        create(&kafka, &topic, compression).await;
        let ledger = Ledger::new(&kafka, &topic, &topic, 1);
        let member = Member::join(&kafka, &topic, &topic, &ledger, 0);
        let load = Load::start(eventbus_kafka::KafkaPublisher::new(&kafka).unwrap(), &topic);
        ledger.progress(100).await;
        let total = load.finish().await;
        ledger.complete(total).await;
        member.leave().await;
        let numbers: HashSet<usize> = ledger.handled().iter().map(|one| one.number).collect();
        assert_eq!(numbers.len(), total, "{compression}");
    }
}
