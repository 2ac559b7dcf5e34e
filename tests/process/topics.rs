//! `topics`, and a start that leaves the topics to it.

use std::time::Duration;

use embedded::broker::Broker;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::TOPICS;
use crate::binary::{Environment, Finished, run};

async fn create(brokers: &str, more: Environment) -> Finished {
    // Nothing but the broker: no secret, no database.
    let mut environment = vec![("KAFKA_BROKERS", brokers.to_owned())];
    environment.extend(more);
    run(&["topics", "--wait", "20"], environment).await
}

/// The topics on the broker with their partitions, in the order of their names.
async fn topics(brokers: String) -> Vec<(String, usize)> {
    let ask = move || {
        let client: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
        let metadata = client.fetch_metadata(None, Duration::from_secs(20)).unwrap();
        let mut topics: Vec<_> = metadata
            .topics()
            .iter()
            .map(|topic| (topic.name().to_owned(), topic.partitions().len()))
            .collect();
        topics.sort();
        topics
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

#[tokio::test]
async fn the_topics_of_the_service_are_created_once_and_stay_as_they_are() {
    let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let brokers = broker.addr().to_string();
    let first = create(&brokers, vec![("KAFKA_TOPIC_PARTITIONS", "3".to_owned())]).await;
    assert_eq!(first.code, Some(0), "{}", first.text());
    let expected: Vec<_> = TOPICS
        .iter()
        .map(|name| ((*name).to_owned(), if name.ends_with(".dead-letters") { 1 } else { 3 }))
        .collect();
    assert_eq!(topics(brokers.clone()).await, expected);
    for name in TOPICS {
        assert!(first.stdout.contains(&format!("the topic {name} exists")), "{}", first.stdout);
    }

    let second = create(&brokers, vec![("KAFKA_TOPIC_PARTITIONS", "12".to_owned())]).await;
    assert_eq!(second.code, Some(0), "{}", second.text());
    assert_eq!(topics(brokers).await, expected, "topics that exist keep their partitions");
}

#[tokio::test]
async fn a_broker_that_is_away_is_waited_for_no_longer_than_said() {
    let finished = run(&["topics", "--wait", "2"], vec![("KAFKA_BROKERS", "127.0.0.1:9".to_owned())]).await;
    assert_eq!(finished.code, Some(1));
    let reason = "Kafka at 127.0.0.1:9 did not create them within 2 s";
    assert!(finished.stderr.contains(reason), "{}", finished.stderr);
    assert!(finished.took < Duration::from_secs(20), "{:?}", finished.took);
}
