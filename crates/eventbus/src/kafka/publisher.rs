//! Envelopes to records, with a `send` span for each.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tracing::Span;

use super::config::{KafkaConfig, KafkaConfigError};
use super::headers;
use super::producer::{NewRecord, Producer};
use crate::metrics::PublisherMetrics;
use crate::state::StateReporter;
use crate::{
    Ack, BusState, Envelope, EventSigner, OriginalRecord, PublishError, Publisher, TraceContext, spans,
};

/// Publishes on Kafka with an idempotent producer. Clones share it.
#[derive(Clone)]
pub struct KafkaPublisher {
    shared: Arc<Shared>,
}

struct Shared {
    producer: Producer,
    signer: Option<EventSigner>,
    state: StateReporter,
    metrics: PublisherMetrics,
}

impl KafkaPublisher {
    /// Starts to connect in the background; the brokers may still be away.
    pub fn new(config: &KafkaConfig) -> Result<Self, KafkaConfigError> {
        let state = StateReporter::new(&config.client_id);
        let producer = Producer::new(config, state.clone())?;
        Ok(Self {
            shared: Arc::new(Shared {
                producer,
                signer: config.signer.clone(),
                state,
                metrics: PublisherMetrics::new(),
            }),
        })
    }

    /// Whether the brokers can be reached.
    pub fn state(&self) -> watch::Receiver<BusState> {
        self.shared.state.subscribe()
    }

    /// Writes records as they are, each to the topic named with it: dead letters on their way back. They keep their
    /// trace, so no span of this process gets in between. Waits like [`Publisher::publish`].
    pub async fn repeat(&self, records: &[(&str, &OriginalRecord)]) -> Vec<Result<Ack, PublishError>> {
        let new = records.iter().map(|(topic, record)| NewRecord {
            topic,
            key: record.key.as_deref(),
            payload: record.payload.as_deref(),
            timestamp_ms: record.timestamp_ms,
            headers: Some(headers::repeat(record)),
        });
        let results = self.shared.producer.send_all(new).await;
        for ((topic, _), result) in records.iter().zip(&results) {
            self.shared.metrics.sent(topic, result.as_ref().err().map(error_type), 1);
        }
        results
    }

    async fn send_all(&self, batch: &[Envelope]) -> Vec<Result<Ack, PublishError>> {
        let spans: Vec<Span> = batch.iter().map(spans::send).collect();
        let records = batch.iter().zip(&spans).map(|(envelope, span)| {
            // What travels is the send span, so that consumers continue from there; without a tracer, what was stored.
            let sent = TraceContext::of(span);
            let trace = if sent.traceparent.is_some() { &sent } else { &envelope.trace };
            NewRecord {
                topic: &envelope.topic,
                key: Some(envelope.key.as_bytes()),
                payload: Some(&envelope.payload),
                timestamp_ms: Some(envelope.time.timestamp_millis()),
                headers: Some(headers::write(envelope, trace, self.shared.signer.as_ref())),
            }
        });
        let results = self.shared.producer.send_all(records).await;
        self.report(batch, &spans, &results);
        results
    }

    fn report(&self, batch: &[Envelope], spans: &[Span], results: &[Result<Ack, PublishError>]) {
        let mut counts: HashMap<(&str, Option<&'static str>), u64> = HashMap::new();
        for ((envelope, span), result) in batch.iter().zip(spans).zip(results) {
            let error = result.as_ref().err().map(error_type);
            *counts.entry((&envelope.topic, error)).or_default() += 1;
            match result {
                Ok(_) if span.is_disabled() => {}
                Ok(ack) => {
                    span.record("messaging.destination.partition.id", ack.partition.to_string());
                    span.record("messaging.kafka.offset", ack.offset);
                }
                Err(error) => spans::fail(span, error_type(error)),
            }
        }
        for ((topic, error), records) in counts {
            self.shared.metrics.sent(topic, error, records);
        }
    }
}

impl Publisher for KafkaPublisher {
    fn publish<'a>(
        &'a self,
        batch: &'a [Envelope],
    ) -> impl Future<Output = Vec<Result<Ack, PublishError>>> + Send + 'a {
        self.send_all(batch)
    }
}

fn error_type(error: &PublishError) -> &'static str {
    match error {
        PublishError::Refused(_) => "refused",
        PublishError::Unavailable(_) => "unavailable",
        PublishError::Blocked => "blocked",
    }
}
