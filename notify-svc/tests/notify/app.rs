//! The whole service: from Kafka to the mailbox and back to Kafka.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use embedded::broker::Broker;
use eventbus::{ConsumerConfig, Delivery, Envelope, Handler, Outcome, Publisher, TopicSpec};
use eventbus_kafka::{KafkaConfig, KafkaConsumer, KafkaPublisher, create_topics};
use fitness_proto::fitness::notify::v1::NotificationSent;
use notify_svc::App;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::service::config;
use crate::stage::{LIMIT, Person, Stage, eventually, registered, verified};

async fn publish(publisher: &KafkaPublisher, envelopes: &[Envelope]) {
    for result in publisher.publish(envelopes).await {
        result.unwrap();
    }
}

/// Remembers which mails were reported as sent.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<NotificationSent>>>);

impl Heard {
    fn sent_templates(&self) -> Vec<String> {
        let mut templates: Vec<_> =
            self.0.lock().unwrap().iter().map(|event| event.template.clone()).collect();
        templates.sort();
        templates
    }
}

impl Handler for Heard {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        self.0.lock().unwrap().extend(batch.iter().map(|delivery| delivery.envelope.decode().unwrap()));
        vec![Outcome::Done; batch.len()]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_on_kafka_become_one_mail_each_and_what_became_of_them_is_published() {
    let stage = Stage::new().await;
    let broker = Broker::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let kafka = KafkaConfig::new(&broker.addr().to_string(), "test");
    let topic = TopicSpec { name: "fitness.user.events".to_owned(), partitions: 3, replication: 1 };
    create_topics(&kafka, &[topic]).await.unwrap();
    let publisher = KafkaPublisher::new(&kafka).unwrap();
    let user_id = Uuid::now_v7();
    let person = Person { user_id, email: "ann@example.org".to_owned() };
    let code = stage.code(&person, "042137", TimeDelta::minutes(15));
    let mut unknown = verified(&person);
    unknown.event_type = "fitness.user.v1.SomethingNew".to_owned();
    publish(&publisher, &[registered(&person, "en"), code.clone(), unknown]).await;

    let app = App::build(config(&stage, kafka.clone())).await.unwrap();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(app.run_until(shutdown.clone()));
    assert_eq!(stage.mailbox.wait_for(&person.email, 1, LIMIT).await.len(), 1);
    publish(&publisher, &[code, verified(&person)]).await;
    let mails = stage.mailbox.wait_for(&person.email, 2, LIMIT).await;
    assert_eq!(mails[1].subject(), "Welcome to Fitness Trainer");

    let heard = Heard::default();
    let topics = ["fitness.notification.events"];
    let consumer = KafkaConsumer::new(&kafka, ConsumerConfig::new("listener", &topics)).unwrap();
    let listening = tokio::spawn(consumer.run(heard.clone(), shutdown.clone()));
    assert!(eventually(async || heard.sent_templates() == ["email_verification", "welcome"]).await);
    shutdown.cancel();
    running.await.unwrap().unwrap();
    listening.await.unwrap().unwrap();
    assert_eq!(stage.mailbox.messages().len(), 2);
    broker.stop().await;
    stage.finish().await;
}
