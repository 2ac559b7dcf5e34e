//! Records that cannot be handled, put where people can look at them and replay them.

use eventbus::adapter::{DeadLetterTopic, StateReporter};
use eventbus::{BoxError, ConsumerConfig, Record as _, TopicError, TopicSpec};
use rdkafka::message::Header;
use tokio::sync::OnceCell;

use crate::config::{KafkaConfig, TERMS};
use crate::create_topics;
use crate::producer::{NewRecord, Producer};
use crate::record::KafkaRecord;

/// The dead-letter topic of a group.
pub(crate) struct DeadLetters {
    config: KafkaConfig,
    topic: TopicSpec,
    /// Most groups never have a dead letter, so topic and producer are made for the first one.
    producer: OnceCell<Producer>,
}

impl DeadLetters {
    pub(crate) fn new(config: &KafkaConfig, consumer: &ConsumerConfig) -> Self {
        let client_id = format!("{}-dead-letters", config.client_id);
        let config = KafkaConfig { client_id, ..config.clone() };
        Self { config, topic: consumer.dead_letters.clone(), producer: OnceCell::new() }
    }

    async fn open(&self) -> Result<Producer, TopicError> {
        create_topics(&self.config, std::slice::from_ref(&self.topic)).await?;
        Ok(Producer::new(&self.config, StateReporter::new(&self.config.client_id, &TERMS))?)
    }
}

impl DeadLetterTopic for DeadLetters {
    type Record = KafkaRecord;

    async fn put(&self, record: &KafkaRecord, additions: &[(&'static str, String)]) -> Result<(), BoxError> {
        let producer = self.producer.get_or_try_init(|| self.open()).await?;
        let headers = additions.iter().fold(record.owned_headers(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
        let letter = NewRecord {
            topic: &self.topic.name,
            key: record.key().map(|key| &**key),
            payload: record.payload().map(|payload| &**payload),
            timestamp_ms: record.timestamp_ms(),
            headers: Some(headers),
        };
        for result in producer.send_all(std::iter::once(letter)).await {
            result?;
        }
        Ok(())
    }
}
