//! Records that cannot be handled, put where people can look at them and replay them.

use std::error::Error;

use bytes::Bytes;
use prost::Message as _;
use rdkafka::message::{Header, OwnedHeaders};
use tokio::sync::OnceCell;

use super::config::KafkaConfig;
use super::consumer::{ConsumerConfig, ConsumerRole};
use super::headers::{self, MalformedRecord};
use super::producer::{NewRecord, Producer};
use super::record::Record;
use super::topics::{TopicError, TopicSpec, create_topics};
use crate::metrics::ConsumerMetrics;
use crate::state::StateReporter;
use crate::{DeadLetter, Envelope, OriginalRecord, RecordHeader, TraceContext};

/// What the headers added to a dead letter begin with.
const PREFIX: &str = "__fitness.errors.";
const GROUP: &str = "__fitness.errors.group";
const TOPIC: &str = "__fitness.errors.topic";
const PARTITION: &str = "__fitness.errors.partition";
const OFFSET: &str = "__fitness.errors.offset";
const REASON: &str = "__fitness.errors.reason";
const ATTEMPTS: &str = "__fitness.errors.attempts";
const MESSAGE: &str = "__fitness.errors.message";

/// Why a record goes to the dead letters.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    /// `undecodable`, `forged`, `rejected` or `retries_exhausted`.
    pub(crate) reason: &'static str,
    /// What the decoder or the handler said.
    pub(crate) message: String,
}

/// The dead-letter topic of a group.
pub(crate) struct DeadLetters {
    config: KafkaConfig,
    group: String,
    /// None for a listener, which buries nothing.
    topic: Option<TopicSpec>,
    /// Most groups never have a dead letter, so topic and producer are made for the first one.
    producer: OnceCell<Producer>,
}

impl DeadLetters {
    pub(crate) fn new(config: &KafkaConfig, consumer: &ConsumerConfig) -> Self {
        let client_id = format!("{}-dead-letters", config.client_id);
        let config = KafkaConfig { client_id, ..config.clone() };
        let topic = match consumer.role {
            ConsumerRole::Worker | ConsumerRole::Collector => Some(consumer.dead_letters.clone()),
            ConsumerRole::Listener => None,
        };
        Self { config, group: consumer.group.clone(), topic, producer: OnceCell::new() }
    }

    /// Puts a record with its original key, value and headers on the topic; `Ok` once the broker has it.
    pub(crate) async fn put(
        &self,
        record: &Record,
        cause: &Cause,
        attempts: u32,
        metrics: &ConsumerMetrics,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Some(topic) = &self.topic else {
            tracing::debug!(topic = &*record.topic, reason = cause.reason, "a record was passed over");
            return Ok(());
        };
        let producer = self.producer.get_or_try_init(|| self.open(topic)).await?;
        let letter = NewRecord {
            topic: &topic.name,
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

    async fn open(&self, topic: &TopicSpec) -> Result<Producer, TopicError> {
        create_topics(&self.config, std::slice::from_ref(topic)).await?;
        Ok(Producer::new(&self.config, StateReporter::new(&self.config.client_id))?)
    }

    fn headers(&self, record: &Record, cause: &Cause, attempts: u32) -> OwnedHeaders {
        let additions = [
            (GROUP, self.group.clone()),
            (TOPIC, record.topic.to_string()),
            (PARTITION, record.partition.to_string()),
            (OFFSET, record.offset.to_string()),
            (REASON, cause.reason.to_owned()),
            (ATTEMPTS, attempts.to_string()),
            (MESSAGE, cause.message.clone()),
        ];
        let original = record.headers.clone().unwrap_or_default();
        additions
            .iter()
            .fold(original, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
    }
}

/// A record without what a dead letter adds to it.
pub(crate) fn original(record: &Record) -> Result<OriginalRecord, MalformedRecord> {
    let headers =
        headers::names_and_values(record)?.into_iter().filter(|(name, _)| !name.starts_with(PREFIX));
    Ok(OriginalRecord {
        key: record.key.clone(),
        payload: record.payload.clone(),
        timestamp_ms: record.timestamp_ms,
        headers: headers
            .map(|(name, value)| RecordHeader {
                name: name.to_owned(),
                value: value.map(Bytes::copy_from_slice),
            })
            .collect(),
    })
}

/// Reads a record of a dead-letter topic: the added headers apart, the original as it was. Whatever lies there is
/// readable, unless not even its headers have names.
pub(crate) fn read(record: &Record) -> Result<Envelope, MalformedRecord> {
    let added = headers::names_and_values(record)?;
    let text = |name: &str| {
        let value = added.iter().rev().find(|(header, _)| *header == name).and_then(|(_, value)| *value);
        value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    };
    let original = original(record)?;
    let trace = TraceContext::received(original.header("traceparent"), original.header("tracestate"));
    let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
    let id = original.header("ce_id").and_then(|id| id.parse().ok()).unwrap_or_default();
    let letter = DeadLetter {
        group: text(GROUP),
        topic: text(TOPIC),
        partition: text(PARTITION).parse().unwrap_or_default(),
        offset: text(OFFSET).parse().unwrap_or_default(),
        reason: text(REASON),
        attempts: text(ATTEMPTS).parse().unwrap_or_default(),
        message: text(MESSAGE),
        record: original,
    };
    Ok(Envelope {
        id,
        event_type: "eventbus.DeadLetter".to_owned(),
        source: letter.group.clone(),
        subject: key.clone(),
        time: record.time().unwrap_or_default(),
        topic: record.topic.to_string(),
        key,
        payload: letter.encode_to_vec().into(),
        trace,
    })
}
