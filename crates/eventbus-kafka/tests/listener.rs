//! A listener beside the workers of other groups.

#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use embedded::broker::Broker;
use eventbus::{
    ConsumerConfig, Delivery, Envelope, Handler, Outcome, Publisher, TopicSpec, TraceContext, ensure_topics,
};
use eventbus_kafka::{KafkaConfig, KafkaConsumer, KafkaPublisher};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(1);

struct Subjects(mpsc::UnboundedSender<String>);

impl Handler for Subjects {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        for delivery in batch {
            self.0.send(delivery.envelope.subject.clone()).expect("the test listens");
        }
        vec![Outcome::Reject("not for me".to_owned()); batch.len()]
    }
}

async fn publish(publisher: &KafkaPublisher, subject: &str) {
    let envelope = Envelope {
        id: Uuid::now_v7(),
        event_type: "test.v1.Event".to_owned(),
        source: "test".to_owned(),
        subject: subject.to_owned(),
        time: Utc::now(),
        topic: "test.events".to_owned(),
        key: "key".to_owned(),
        payload: Bytes::from_static(b"payload"),
        trace: TraceContext::default(),
    };
    publisher.publish(&[envelope]).await.remove(0).expect("the broker takes it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_hears_what_happens_from_now_on_and_buries_nothing() {
    let broker = Broker::start(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("the broker starts");
    let kafka = KafkaConfig::new(&broker.addr().to_string(), "test");
    let shutdown = CancellationToken::new();
    let topic = TopicSpec { name: "test.events".to_owned(), partitions: 1, replication: 1 };
    ensure_topics(&kafka, &[topic], &shutdown).await;
    let publisher = KafkaPublisher::new(&kafka).expect("the configuration is valid");
    publish(&publisher, "before").await;

    let config = ConsumerConfig::listener("test-listener", &["test.events"]);
    let consumer = KafkaConsumer::new(&kafka, config).expect("the configuration is valid");
    let (sender, mut received) = mpsc::unbounded_channel();
    let running = tokio::spawn(consumer.run(Subjects(sender), shutdown.clone()));
    let first = tokio::time::timeout(LIMIT, async {
        loop {
            publish(&publisher, "while it joins").await;
            if let Ok(subject) = tokio::time::timeout(Duration::from_millis(100), received.recv()).await {
                return subject.expect("the consumer lives");
            }
        }
    });
    assert_eq!(first.await.expect("it joins in time"), "while it joins");
    // Rejections do not stop it either.
    publish(&publisher, "last").await;
    let last = async { while received.recv().await.expect("the consumer lives") != "last" {} };
    tokio::time::timeout(LIMIT, last).await.expect("it goes on");

    shutdown.cancel();
    running.await.expect("the consumer does not panic").expect("the group is left in time");
    broker.stop().await;
}
