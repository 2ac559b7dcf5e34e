//! From Kafka and back to it.

use std::time::Duration;

use embedded::broker::Broker;
use embedded::postgres::fresh_database;
use eventbus::{ConsumerConfig, Delivery, Handler, Outcome, Publisher, TopicSpec};
use eventbus_kafka::{KafkaConfig, KafkaConsumer, KafkaPublisher, create_topics};
use fitness_proto::fitness::workout::v1::AthleteProfileCreated;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Service, envelope, within};

/// Passes on whose athlete profile was created.
struct Listener(mpsc::UnboundedSender<String>);

impl Handler for Listener {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        for delivery in batch {
            // What else is on the topic is no matter here, and neither is a test that has heard enough.
            if let Ok(event) = delivery.envelope.decode::<AthleteProfileCreated>() {
                let _ = self.0.send(event.user_id);
            }
        }
        vec![Outcome::Done; batch.len()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_from_before_the_first_start_becomes_an_athlete_and_that_is_published() {
    let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let brokers = broker.addr().to_string();
    let kafka = KafkaConfig::new(&brokers, "test");
    let topic = TopicSpec { name: "fitness.user.events".to_owned(), partitions: 1, replication: 1 };
    create_topics(&kafka, &[topic]).await.unwrap();
    // Made without the service, which is not there yet.
    let elsewhere = Service::start().await;
    let anna = elsewhere.stranger();
    let registered = envelope(&elsewhere.registered(&anna, "Anna", "en", "UTC"));
    elsewhere.stop().await;
    let publisher = KafkaPublisher::new(&kafka).unwrap();
    for result in publisher.publish(&[registered.clone(), registered]).await {
        result.unwrap();
    }

    let service = Service::start_with(fresh_database("workout").await, &brokers).await;
    let (sender, mut heard) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let consumer = ConsumerConfig::new("listener", &["fitness.workout.events"]);
    let consumer = KafkaConsumer::new(&kafka, consumer).unwrap();
    let listening = tokio::spawn(consumer.run(Listener(sender), stop.clone()));
    let created = within("the event to be published", heard.recv()).await;
    assert_eq!(created.unwrap(), anna.id());
    within("the outbox to be empty", async {
        while outbox::backlog(&service.pool).await.unwrap().pending > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(service.events::<AthleteProfileCreated>().await.len(), 1);
    stop.cancel();
    within("the listener to end", listening).await.unwrap().unwrap();
    service.stop().await;
    broker.stop().await;
}
