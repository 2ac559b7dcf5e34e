//! Records that cannot be handled, put where people can look at them and replay them.

use std::error::Error;

use rdkafka::message::{Header, OwnedHeaders};
use tokio::sync::OnceCell;

use super::config::KafkaConfig;
use super::producer::{NewRecord, Producer};
use super::record::Record;
use super::topics::{TopicError, TopicSpec, create_topics};
use crate::metrics::ConsumerMetrics;
use crate::state::StateReporter;

/// Why a record goes to the dead letters.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    /// `undecodable`, `rejected` or `retries_exhausted`.
    pub(crate) reason: &'static str,
    /// What the decoder or the handler said.
    pub(crate) message: String,
}

/// The dead-letter topic of a group.
pub(crate) struct DeadLetters {
    config: KafkaConfig,
    group: String,
    topic: TopicSpec,
    /// Most groups never have a dead letter, so topic and producer are made for the first one.
    producer: OnceCell<Producer>,
}

impl DeadLetters {
    pub(crate) fn new(config: &KafkaConfig, group: &str, topic: &TopicSpec) -> Self {
        let client_id = format!("{}-dead-letters", config.client_id);
        let config = KafkaConfig { client_id, ..config.clone() };
        Self { config, group: group.to_owned(), topic: topic.clone(), producer: OnceCell::new() }
    }

    /// Puts a record with its original key, value and headers on the topic; `Ok` once the broker has it.
    pub(crate) async fn put(
        &self,
        record: &Record,
        cause: &Cause,
        attempts: u32,
        metrics: &ConsumerMetrics,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let producer = self.producer.get_or_try_init(|| self.open()).await?;
        let letter = NewRecord {
            topic: &self.topic.name,
            key: record.key.as_deref(),
            payload: record.payload.as_deref(),
            timestamp_ms: record.timestamp_ms,
            headers: Some(self.headers(record, cause, attempts)),
        };
        let results = producer.send_all(std::iter::once(letter)).await;
        for result in results {
            result?;
        }
        metrics.dead_letter(&record.topic, cause.reason);
        tracing::warn!(
            topic = &*record.topic,
            partition = record.partition,
            offset = record.offset,
            reason = cause.reason,
            message = cause.message,
            attempts,
            "a record was put with the dead letters"
        );
        Ok(())
    }

    async fn open(&self) -> Result<Producer, TopicError> {
        create_topics(&self.config, std::slice::from_ref(&self.topic)).await?;
        Ok(Producer::new(&self.config, StateReporter::new(&self.config.client_id))?)
    }

    fn headers(&self, record: &Record, cause: &Cause, attempts: u32) -> OwnedHeaders {
        let additions = [
            ("__fitness.errors.group", self.group.clone()),
            ("__fitness.errors.topic", record.topic.to_string()),
            ("__fitness.errors.partition", record.partition.to_string()),
            ("__fitness.errors.offset", record.offset.to_string()),
            ("__fitness.errors.reason", cause.reason.to_owned()),
            ("__fitness.errors.attempts", attempts.to_string()),
            ("__fitness.errors.message", cause.message.clone()),
        ];
        let original = record.headers.clone().unwrap_or_default();
        additions
            .iter()
            .fold(original, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
    }
}
