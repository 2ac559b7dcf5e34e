//! A producer that cannot go on is replaced, and one that only waits is not. librdkafka's mock cluster injects the
//! failures.

#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use eventbus::{Ack, BusState, Envelope, PublishError, Publisher, TraceContext};
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use uuid::Uuid;

const TOPIC: &str = "test.events";

fn cluster() -> MockCluster<'static, DefaultProducerContext> {
    let cluster = MockCluster::new(1).expect("the mock cluster starts");
    cluster.create_topic(TOPIC, 1, 1).expect("the mock cluster creates topics");
    cluster
}

fn envelope() -> Envelope {
    Envelope {
        id: Uuid::now_v7(),
        event_type: "test.v1.Event".to_owned(),
        source: "test".to_owned(),
        subject: "a".to_owned(),
        time: Utc::now(),
        topic: TOPIC.to_owned(),
        key: "a".to_owned(),
        payload: Bytes::from_static(b"payload"),
        trace: TraceContext::default(),
    }
}

async fn publish(publisher: &KafkaPublisher) -> Result<Ack, PublishError> {
    let batch = [envelope()];
    let publishing = tokio::time::timeout(Duration::from_mins(1), publisher.publish(&batch));
    publishing.await.expect("publishing is answered in time").remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_broker_that_does_not_answer_is_connected_to_anew() {
    let cluster = cluster();
    let publisher = KafkaPublisher::new(&KafkaConfig::new(&cluster.bootstrap_servers(), "test")).unwrap();
    publish(&publisher).await.unwrap();
    // The requests of a whole hour are not answered.
    cluster.broker_round_trip_time(1, Duration::from_hours(1)).unwrap();
    let mut state = publisher.state();
    let (answer, ()) = tokio::join!(publish(&publisher), async {
        let down = state.wait_for(|state| matches!(state, BusState::Down(_)));
        tokio::time::timeout(Duration::from_mins(1), down).await.expect("the silence is noticed").unwrap();
        cluster.broker_round_trip_time(1, Duration::ZERO).unwrap();
    });
    answer.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fatal_error_ends_a_producer_and_not_the_publisher() {
    let cluster = cluster();
    let publisher = KafkaPublisher::new(&KafkaConfig::new(&cluster.bootstrap_servers(), "test")).unwrap();
    publish(&publisher).await.unwrap();
    let gap = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
    cluster.request_errors(RDKafkaApiKey::Produce, &[gap]);
    assert!(matches!(publish(&publisher).await, Err(PublishError::Unavailable(_))));
    publish(&publisher).await.unwrap();
}
