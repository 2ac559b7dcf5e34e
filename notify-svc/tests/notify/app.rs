//! The whole service: from Kafka to the mailbox and back to Kafka.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::database::DatabaseConfig;
use chassis::grpc::server::GrpcServerConfig;
use chrono::TimeDelta;
use embedded::broker::Broker;
use eventbus::{Envelope, KafkaConfig, KafkaPublisher, Publisher, TopicSpec, create_topics};
use notify_svc::{App, NotifySvcConfig};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::stage::{LIMIT, Person, Stage, eventually, registered, verified};

fn config(stage: &Stage, kafka: KafkaConfig) -> NotifySvcConfig {
    let free: SocketAddr = ([127, 0, 0, 1], 0).into();
    NotifySvcConfig {
        database: DatabaseConfig::new(stage.database_url.clone().into(), 10),
        migrate_on_start: true,
        grpc: GrpcServerConfig {
            addr: free,
            max_call_time: Duration::from_secs(5),
            max_concurrent_calls: 16,
            reflection: true,
        },
        ops_addr: free,
        kafka,
        kafka_group: "notify-svc".to_owned(),
        topic_partitions: 3,
        topic_replication: 1,
        delivery: stage.config(2),
        from: "no-reply@fitness.example".parse().unwrap(),
        public_url: "https://fitness.example".to_owned(),
        sealing: stage.keys.clone(),
        give_up_in_doubt: Vec::new(),
        drain_deadline: LIMIT,
    }
}

async fn publish(publisher: &KafkaPublisher, envelopes: &[Envelope]) {
    for result in publisher.publish(envelopes).await {
        result.unwrap();
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

    let app = App::build(config(&stage, kafka)).await.unwrap();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(app.run_until(shutdown.clone()));
    assert_eq!(stage.mailbox.wait_for(&person.email, 1, LIMIT).await.len(), 1);
    publish(&publisher, &[code, verified(&person)]).await;
    let mails = stage.mailbox.wait_for(&person.email, 2, LIMIT).await;
    assert_eq!(mails[1].subject(), "Welcome to Fitness Trainer");
    let published = async || {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox.events WHERE state = 'published'")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
        count == 2
    };
    assert!(eventually(published).await);
    shutdown.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(stage.mailbox.messages().len(), 2);
    broker.stop().await;
    stage.finish().await;
}
