//! Records that keep coming, published as an outbox's relay does it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::Utc;
use eventbus::{Envelope, Publisher, TraceContext};
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::LIMIT;

const PER_SECOND: f64 = 1_000.0;
const KEYS: usize = 60;
const BATCH: usize = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// A publisher under way. Whatever is not acknowledged is published again, in its order, before anything newer.
pub(crate) struct Load {
    stop: CancellationToken,
    task: JoinHandle<usize>,
}

impl Load {
    pub(crate) fn start(publisher: KafkaPublisher, topic: &str) -> Self {
        let (stop, topic) = (CancellationToken::new(), topic.to_owned());
        let task = tokio::spawn(publish(publisher, topic, stop.clone()));
        Self { stop, task }
    }

    /// Makes no further records, and answers how many there are once the broker has all of them.
    pub(crate) async fn finish(self) -> usize {
        self.stop.cancel();
        tokio::time::timeout(LIMIT, self.task).await.expect("the broker takes the rest in time").unwrap()
    }
}

async fn publish(publisher: KafkaPublisher, topic: String, stop: CancellationToken) -> usize {
    let started = Instant::now();
    let (mut made, mut pending) = (0, VecDeque::new());
    loop {
        // They come by the clock, whether the broker takes them or not.
        let due =
            if stop.is_cancelled() { made } else { (started.elapsed().as_secs_f64() * PER_SECOND) as usize };
        pending.extend((made..due).map(|number| envelope(&topic, number)));
        made = due;
        if pending.is_empty() && stop.is_cancelled() {
            return made;
        }
        let batch: Vec<Envelope> = pending.drain(..pending.len().min(BATCH)).collect();
        let results = publisher.publish(&batch).await;
        let failed: Vec<_> = batch.into_iter().zip(results).filter(|(_, result)| result.is_err()).collect();
        for (envelope, _) in failed.into_iter().rev() {
            pending.push_front(envelope);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn envelope(topic: &str, number: usize) -> Envelope {
    let key = format!("key-{}", number % KEYS);
    Envelope {
        id: Uuid::now_v7(),
        event_type: "test.v1.Numbered".to_owned(),
        source: "test".to_owned(),
        subject: key.clone(),
        time: Utc::now(),
        topic: topic.to_owned(),
        key,
        payload: Bytes::from(number.to_string()),
        trace: TraceContext::default(),
    }
}

/// How many records `topic` holds: more than were published if some were stored twice.
pub(crate) async fn stored(kafka: &KafkaConfig, topic: &str, partitions: i32) -> usize {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &kafka.brokers);
    let topic = topic.to_owned();
    let count = move || {
        let consumer: BaseConsumer = client.create().unwrap();
        let ends =
            (0..partitions).map(|partition| consumer.fetch_watermarks(&topic, partition, LIMIT).unwrap().1);
        ends.sum::<i64>() as usize
    };
    tokio::task::spawn_blocking(count).await.unwrap()
}
