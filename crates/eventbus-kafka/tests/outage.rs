//! Publisher and consumer while the broker is away, and after it came back without its memory.

#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use embedded::broker::Broker;
use eventbus::{
    BusState, ConsumerConfig, Delivery, Envelope, Handler, Outcome, Publisher, TopicSpec, TraceContext,
    ensure_topics,
};
use eventbus_kafka::{KafkaConfig, KafkaConsumer, KafkaPublisher};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(1);

struct Ids(mpsc::UnboundedSender<Uuid>);

impl Handler for Ids {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        for delivery in batch {
            self.0.send(delivery.envelope.id).expect("the test listens");
        }
        vec![Outcome::Done; batch.len()]
    }
}

fn envelopes(count: usize) -> Vec<Envelope> {
    let envelope = |_| Envelope {
        id: Uuid::now_v7(),
        event_type: "test.v1.Event".to_owned(),
        source: "test".to_owned(),
        subject: "a".to_owned(),
        time: Utc::now(),
        topic: "test.events".to_owned(),
        key: "a".to_owned(),
        payload: Bytes::from_static(b"payload"),
        trace: TraceContext::default(),
    };
    (0..count).map(envelope).collect()
}

async fn reaches(states: &mut watch::Receiver<BusState>, expected: fn(&BusState) -> bool) {
    let reached = tokio::time::timeout(LIMIT, states.wait_for(expected)).await;
    reached.expect("the state changes in time").expect("the client lives");
}

/// Publishes until every record is stored, as a relay does.
async fn publish(publisher: &KafkaPublisher, batch: &[Envelope]) {
    let publishing = async {
        while publisher.publish(batch).await.iter().any(Result::is_err) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, publishing).await.expect("the batch is published in time");
}

async fn arrive(received: &mut mpsc::UnboundedReceiver<Uuid>, expected: &[Envelope]) {
    let mut missing: Vec<Uuid> = expected.iter().map(|envelope| envelope.id).collect();
    let receiving = async {
        while !missing.is_empty() {
            let id = received.recv().await.expect("the consumer lives");
            // Repetitions are allowed, another order is not.
            if missing.contains(&id) {
                assert_eq!(missing.remove(0), id);
            }
        }
    };
    tokio::time::timeout(LIMIT, receiving).await.expect("every record arrives in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_outlive_a_broker() {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address: SocketAddr = probe.local_addr().expect("it is bound");
    drop(probe);
    let kafka = KafkaConfig::new(&address.to_string(), "test");
    let topics = [TopicSpec { name: "test.events".to_owned(), partitions: 2, replication: 1 }];
    let shutdown = CancellationToken::new();

    // Nobody is there at the start.
    let publisher = KafkaPublisher::new(&kafka).unwrap();
    let consumer = KafkaConsumer::new(&kafka, ConsumerConfig::new("test-group", &["test.events"])).unwrap();
    let (mut publishing, mut consuming) = (publisher.state(), consumer.state());
    let (sender, mut received) = mpsc::unbounded_channel();
    let running = tokio::spawn(consumer.run(Ids(sender), shutdown.clone()));
    reaches(&mut publishing, |state| matches!(state, BusState::Down(_))).await;
    reaches(&mut consuming, |state| matches!(state, BusState::Down(_))).await;

    let first = envelopes(20);
    let (broker, ()) = tokio::join!(
        async {
            let broker = Broker::start(address).await.expect("the embedded broker starts");
            ensure_topics(&kafka, &topics, &shutdown).await;
            broker
        },
        publish(&publisher, &first)
    );
    arrive(&mut received, &first).await;
    reaches(&mut publishing, |state| *state == BusState::Up).await;
    reaches(&mut consuming, |state| *state == BusState::Up).await;

    // It goes away and comes back without topics, records, offsets and producers.
    broker.stop().await;
    reaches(&mut publishing, |state| matches!(state, BusState::Down(_))).await;
    reaches(&mut consuming, |state| matches!(state, BusState::Down(_))).await;
    let broker = Broker::start(address).await.expect("the embedded broker starts again");
    ensure_topics(&kafka, &topics, &shutdown).await;
    let second = envelopes(20);
    publish(&publisher, &second).await;
    arrive(&mut received, &second).await;

    shutdown.cancel();
    running.await.expect("the consumer does not panic").expect("the group is left in time");
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_stops_in_time_while_the_broker_is_away() {
    let broker =
        Broker::start(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("the embedded broker starts");
    let kafka = KafkaConfig::new(&broker.addr().to_string(), "test");
    let topics = [TopicSpec { name: "test.events".to_owned(), partitions: 1, replication: 1 }];
    let shutdown = CancellationToken::new();
    ensure_topics(&kafka, &topics, &shutdown).await;
    let consumer = KafkaConsumer::new(&kafka, ConsumerConfig::new("test-group", &["test.events"])).unwrap();
    let mut state = consumer.state();
    let (sender, mut received) = mpsc::unbounded_channel();
    let running = tokio::spawn(consumer.run(Ids(sender), shutdown.clone()));
    let batch = envelopes(5);
    publish(&KafkaPublisher::new(&kafka).unwrap(), &batch).await;
    arrive(&mut received, &batch).await;
    broker.stop().await;
    reaches(&mut state, |state| matches!(state, BusState::Down(_))).await;

    shutdown.cancel();
    // Whether the group could be told or not: the process can go on.
    let ended = tokio::time::timeout(Duration::from_secs(10), running).await;
    let _left_or_not = ended.expect("stopping is bounded").expect("without panic");
}
