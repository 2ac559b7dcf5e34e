//! The way of a dead letter: buried by one group, collected by another, put back as it was.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use embedded::broker::Broker;
use eventbus::{
    ConsumerConfig, DeadLetter, Delivery, Envelope, Handler, Outcome, Publisher as _, TopicSpec, TraceContext,
};
use eventbus_kafka::{KafkaConfig, KafkaConsumer, KafkaPublisher, create_topics};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);
const TOPIC: &str = "test.events";

/// Gives the same answer to every record and remembers what it was given.
#[derive(Clone)]
struct Answering {
    answer: Outcome,
    seen: Arc<Mutex<Vec<Envelope>>>,
}

impl Answering {
    fn new(answer: Outcome) -> Self {
        Self { answer, seen: Arc::default() }
    }

    fn seen(&self) -> Vec<Envelope> {
        self.seen.lock().expect("nobody panics with it").clone()
    }

    async fn wait_for(&self, count: usize) -> Vec<Envelope> {
        let enough = async {
            while self.seen().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LIMIT, enough).await.expect("the records arrive in time");
        self.seen()
    }
}

impl Handler for Answering {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let envelopes = batch.iter().map(|delivery| delivery.envelope.clone());
        self.seen.lock().expect("nobody panics with it").extend(envelopes);
        vec![self.answer.clone(); batch.len()]
    }
}

/// Remembers the letters it was handed.
#[derive(Clone, Default)]
struct Collecting(Arc<Mutex<Vec<DeadLetter>>>);

impl Collecting {
    async fn wait_for(&self, count: usize) -> Vec<DeadLetter> {
        let letters = || self.0.lock().expect("nobody panics with it").clone();
        let enough = async {
            while letters().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LIMIT, enough).await.expect("the letters arrive in time");
        letters()
    }
}

impl Handler for Collecting {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let letters = batch.iter().map(|delivery| DeadLetter::of(delivery).expect("it is a dead letter"));
        self.0.lock().expect("nobody panics with it").extend(letters);
        vec![Outcome::Done; batch.len()]
    }
}

fn topic(name: &str) -> TopicSpec {
    TopicSpec { name: name.to_owned(), partitions: 1, replication: 1 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buried_record_is_collected_with_its_reason_and_comes_back_as_it_was() -> anyhow::Result<()> {
    let broker = Broker::start(([127, 0, 0, 1], 0).into()).await?;
    let kafka = KafkaConfig::new(&broker.addr().to_string(), "test");
    create_topics(&kafka, &[topic(TOPIC), topic("strict.dead-letters")]).await?;
    let shutdown = CancellationToken::new();
    let (strict, collecting) =
        (Answering::new(Outcome::Reject("not today".to_owned())), Collecting::default());
    let consumer = KafkaConsumer::new(&kafka, ConsumerConfig::new("strict", &[TOPIC]))?;
    let refusing = tokio::spawn(consumer.run(strict.clone(), shutdown.clone()));
    let collector = ConsumerConfig::collector("collector", &["strict.dead-letters"]);
    let collector = KafkaConsumer::new(&kafka, collector)?;
    let collected = tokio::spawn(collector.run(collecting.clone(), shutdown.clone()));

    let sent = Envelope {
        id: Uuid::now_v7(),
        event_type: "test.v1.Something".to_owned(),
        source: "test".to_owned(),
        subject: "u-1".to_owned(),
        time: "2026-11-21T10:20:30.123456Z".parse()?,
        topic: TOPIC.to_owned(),
        key: "u-1".to_owned(),
        payload: vec![0, 159, 146, 150].into(),
        trace: TraceContext {
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            tracestate: None,
        },
    };
    let publisher = KafkaPublisher::new(&kafka)?;
    for result in publisher.publish(std::slice::from_ref(&sent)).await {
        result?;
    }
    let letter = collecting.wait_for(1).await.remove(0);
    assert_eq!((letter.group.as_str(), letter.topic.as_str()), ("strict", TOPIC));
    assert_eq!((letter.partition, letter.offset, letter.attempts), (0, 0, 1));
    assert_eq!((letter.reason.as_str(), letter.message.as_str()), ("rejected", "not today"));
    assert_eq!(letter.record.payload.as_ref(), Some(&sent.payload));
    assert!(letter.record.headers.iter().all(|header| !header.name.starts_with("__fitness")));

    for result in publisher.repeat(&[(&letter.topic, &letter.record)]).await {
        result?;
    }
    let seen = strict.wait_for(2).await;
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[1], sent);
    // It was refused again: another letter of the same event, from another place.
    let again = collecting.wait_for(2).await.remove(1);
    assert_eq!((again.offset, again.record), (1, letter.record));

    shutdown.cancel();
    refusing.await??;
    collected.await??;
    broker.stop().await;
    Ok(())
}
