//! The outbox on a real PostgreSQL and a Kafka-compatible broker.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::fixture::{Numbered, Running, commit, config, database, event, eventually};
use embedded::broker::Broker;
use eventbus::conformance::Bus;
use eventbus::{Event, TopicSpec};
use eventbus_kafka::conformance::KafkaBus;
use eventbus_kafka::{KafkaConfig, KafkaPublisher, create_topics};
use outbox::{Outbox, backlog};
use prost::Message;

async fn start(address: SocketAddr) -> Broker {
    let broker = Broker::start(address).await.expect("the embedded broker starts");
    let topic = TopicSpec { name: Numbered::TOPIC.to_owned(), partitions: 3, replication: 1 };
    create_topics(&KafkaConfig::new(&broker.addr().to_string(), "test"), &[topic])
        .await
        .expect("the broker creates topics");
    broker
}

/// The numbers on the topic by key, in their order, each with its id.
async fn stored(broker: &Broker, count: usize) -> HashMap<String, Vec<u32>> {
    let records = KafkaBus::new(&broker.addr().to_string()).read(Numbered::TOPIC, count).await;
    let mut keys: HashMap<String, Vec<u32>> = HashMap::new();
    for record in records {
        let event = Numbered::decode(record.payload.unwrap_or_default().as_slice()).expect("an event");
        keys.entry(event.key).or_default().push(event.number);
    }
    keys
}

fn events(from: u32, to: u32) -> Vec<Numbered> {
    (from..to).map(|number| event(&format!("k{}", number % 4), number)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_while_the_broker_is_away_arrives_once_and_in_order() {
    let broker = start(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let address = broker.addr();
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let publisher = KafkaPublisher::new(&KafkaConfig::new(&address.to_string(), "test")).unwrap();
    let relay = Running::start(&pool, publisher, &outbox, config());
    commit(&pool, &outbox, &events(0, 20)).await;
    eventually("the first events are published", async || backlog(&pool).await.unwrap().pending == 0).await;
    assert_eq!(stored(&broker, 20).await.values().map(Vec::len).sum::<usize>(), 20);

    broker.stop().await;
    for number in 20..60 {
        commit(&pool, &outbox, &events(number, number + 1)).await;
    }
    assert!(backlog(&pool).await.unwrap().pending > 0);
    // The embedded broker forgets what it held, so it holds what was committed during the outage alone.
    let broker = start(address).await;
    eventually("the rest is published", async || backlog(&pool).await.unwrap().pending == 0).await;
    relay.stop().await;
    let keys = stored(&broker, 40).await;
    assert_eq!(keys.len(), 4);
    for (key, numbers) in keys {
        let expected: Vec<u32> = (20..60).filter(|number| key == format!("k{}", number % 4)).collect();
        assert_eq!(numbers, expected, "{key}");
    }
    broker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_waits_for_a_broker_that_starts_later() {
    let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = probe.local_addr().unwrap();
    drop(probe);
    let (pool, outbox) = (database().await, Outbox::new("test"));
    let publisher = KafkaPublisher::new(&KafkaConfig::new(&address.to_string(), "test")).unwrap();
    let mut state = publisher.state();
    let relay = Running::start(&pool, publisher, &outbox, config());
    commit(&pool, &outbox, &events(0, 10)).await;
    state.wait_for(|state| matches!(state, eventbus::BusState::Down(_))).await.unwrap();
    let broker = start(address).await;
    state.wait_for(|state| *state == eventbus::BusState::Up).await.unwrap();
    eventually("all is published", async || backlog(&pool).await.unwrap().pending == 0).await;
    relay.stop().await;
    assert_eq!(stored(&broker, 10).await.values().map(Vec::len).sum::<usize>(), 10);
    broker.stop().await;
}
