//! Envelopes to records, with a `send` span for each.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use eventbus::adapter::{PublisherMetrics, StateReporter, spans, write_headers};
use eventbus::{
    Ack, BrokerConfigError, BrokerPublisher, BusState, Envelope, EventSigner, OriginalRecord, PublishError,
    Publisher, TraceContext,
};
use rdkafka::message::{Header, OwnedHeaders};
use tokio::sync::watch;
use tracing::Span;

use crate::config::{KafkaConfig, TERMS};
use crate::producer::{NewRecord, Producer};

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
    pub fn new(config: &KafkaConfig) -> Result<Self, BrokerConfigError> {
        let state = StateReporter::new(&config.client_id, &TERMS);
        let producer = Producer::new(config, state.clone())?;
        Ok(Self {
            shared: Arc::new(Shared {
                producer,
                signer: config.signer.clone(),
                state,
                metrics: PublisherMetrics::new(&TERMS),
            }),
        })
    }

    /// Whether the brokers can be reached.
    pub fn state(&self) -> watch::Receiver<BusState> {
        self.shared.state.subscribe()
    }

    /// See [`BrokerPublisher::repeat`].
    pub async fn repeat(&self, records: &[(&str, &OriginalRecord)]) -> Vec<Result<Ack, PublishError>> {
        let new = records.iter().map(|(topic, record)| NewRecord {
            topic,
            key: record.key.as_deref(),
            payload: record.payload.as_deref(),
            timestamp_ms: record.timestamp_ms,
            headers: Some(repeated(record)),
        });
        let results = self.shared.producer.send_all(new).await;
        for ((topic, _), result) in records.iter().zip(&results) {
            self.shared.metrics.sent(topic, result.as_ref().err().map(PublishError::name), 1);
        }
        results
    }

    async fn send_all(&self, batch: &[Envelope]) -> Vec<Result<Ack, PublishError>> {
        let spans: Vec<Span> = batch.iter().map(|envelope| spans::send(envelope, &TERMS)).collect();
        let records = batch.iter().zip(&spans).map(|(envelope, span)| {
            // What travels is the send span, so that consumers continue from there; without a tracer, what was stored.
            let sent = TraceContext::of(span);
            let trace = if sent.traceparent.is_some() { &sent } else { &envelope.trace };
            NewRecord {
                topic: &envelope.topic,
                key: Some(envelope.key.as_bytes()),
                payload: Some(&envelope.payload),
                timestamp_ms: Some(envelope.time.timestamp_millis()),
                headers: Some(owned(&write_headers(envelope, trace, self.shared.signer.as_ref()))),
            }
        });
        let results = self.shared.producer.send_all(records).await;
        self.report(batch, &spans, &results);
        results
    }

    fn report(&self, batch: &[Envelope], spans: &[Span], results: &[Result<Ack, PublishError>]) {
        let mut counts: HashMap<(&str, Option<&'static str>), u64> = HashMap::new();
        for ((envelope, span), result) in batch.iter().zip(spans).zip(results) {
            let error = result.as_ref().err().map(PublishError::name);
            *counts.entry((&envelope.topic, error)).or_default() += 1;
            match result {
                Ok(ack) => {
                    if let Some(position) = ack.position {
                        spans::located(span, &TERMS, position);
                    }
                }
                Err(error) => spans::fail(span, error.name()),
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

impl BrokerPublisher for KafkaPublisher {
    fn repeat<'a>(
        &'a self,
        records: &'a [(&'a str, &'a OriginalRecord)],
    ) -> impl Future<Output = Vec<Result<Ack, PublishError>>> + Send + 'a {
        Self::repeat(self, records)
    }

    fn state(&self) -> watch::Receiver<BusState> {
        Self::state(self)
    }
}

/// Headers as librdkafka takes them.
fn owned(headers: &[(&'static str, Cow<'_, str>)]) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |owned, (key, value)| {
        owned.insert(Header { key, value: Some(value.as_bytes()) })
    })
}

/// The headers of a record that is written as it was.
fn repeated(record: &OriginalRecord) -> OwnedHeaders {
    record.headers.iter().fold(OwnedHeaders::new(), |headers, header| {
        headers.insert(Header { key: &header.name, value: header.value.as_deref() })
    })
}
