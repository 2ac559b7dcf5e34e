//! Handing batches of records to librdkafka and awaiting what becomes of them.
//!
//! An error that librdkafka calls fatal ends an idempotent producer; it is answered with a new one. What was unanswered
//! then fails, is published again by whoever needs it, and may repeat a record that was stored. Nothing else is: a
//! broker that says nothing is connected to anew by librdkafka, and the producer's number keeps the records single.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _};

use super::config::{ConnectionContext, KafkaConfig, KafkaConfigError};
use crate::state::StateReporter;
use crate::{Ack, PublishError};

type Client = FutureProducer<ConnectionContext>;

/// A record to write.
pub(crate) struct NewRecord<'a> {
    pub(crate) topic: &'a str,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) payload: Option<&'a [u8]>,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) headers: Option<OwnedHeaders>,
}

/// An idempotent producer that survives its own fatal errors.
pub(crate) struct Producer {
    config: ClientConfig,
    state: StateReporter,
    client: Mutex<Client>,
}

/// A record that was handed over or refused at once.
enum Handed {
    Waiting(DeliveryFuture),
    Answered(Result<Ack, PublishError>),
}

impl Producer {
    pub(crate) fn new(config: &KafkaConfig, state: StateReporter) -> Result<Self, KafkaConfigError> {
        let config = config.producer();
        let client = connect(&config, &state).map_err(KafkaConfigError)?;
        Ok(Self { config, state, client: Mutex::new(client) })
    }

    /// Hands all records over in order, then awaits all delivery reports. The results are in the order of the records.
    ///
    /// Once a record is refused at the hand-over, later ones of the same topic and key are not handed over either:
    /// they would overtake it.
    pub(crate) async fn send_all<'a>(
        &self,
        records: impl Iterator<Item = NewRecord<'a>>,
    ) -> Vec<Result<Ack, PublishError>> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut handed: Vec<Handed> = Vec::with_capacity(records.size_hint().0);
        let mut refused = HashSet::new();
        for record in records {
            let identity = (record.topic, record.key);
            if !refused.is_empty() && record.key.is_some() && refused.contains(&identity) {
                handed.push(Handed::Answered(Err(PublishError::Blocked)));
                continue;
            }
            let answer = hand_over(&client, record, &mut handed).await;
            if matches!(answer, Handed::Answered(_)) {
                refused.insert(identity);
            }
            handed.push(answer);
        }
        let mut results = Vec::with_capacity(handed.len());
        for handed in handed {
            results.push(match handed {
                Handed::Waiting(report) => delivery(report.await),
                Handed::Answered(result) => result,
            });
        }
        if client.client().fatal_error().is_some() {
            self.replace(&client);
        } else if results.iter().any(Result::is_ok) {
            self.state.up();
        }
        results
    }

    fn replace(&self, broken: &Client) {
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if current.client().native_ptr() != broken.client().native_ptr() {
            return;
        }
        match connect(&self.config, &self.state) {
            Ok(fresh) => {
                let fatal_error = broken.client().fatal_error().map(|(_, reason)| reason);
                tracing::warn!(fatal_error, "the producer ended and was replaced");
                *current = fresh;
            }
            Err(error) => tracing::error!(%error, "the producer ended and cannot be replaced"),
        }
    }
}

fn connect(config: &ClientConfig, state: &StateReporter) -> Result<Client, KafkaError> {
    config.create_with_context(ConnectionContext { state: state.clone() })
}

/// Hands one record over; while the queue of librdkafka is full, waits for the oldest records of this batch.
async fn hand_over(client: &Client, record: NewRecord<'_>, handed: &mut [Handed]) -> Handed {
    let mut record = FutureRecord::<[u8], [u8]> {
        topic: record.topic,
        partition: None,
        payload: record.payload,
        key: record.key,
        timestamp: record.timestamp_ms,
        headers: record.headers,
    };
    loop {
        match client.send_result(record) {
            Ok(report) => return Handed::Waiting(report),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), returned)) => {
                record = returned;
                wait_for_room(handed).await;
            }
            Err((error, _)) => return Handed::Answered(Err(classify(error))),
        }
    }
}

async fn wait_for_room(handed: &mut [Handed]) {
    for handed in handed {
        if let Handed::Waiting(report) = handed {
            let result = report.await;
            *handed = Handed::Answered(delivery(result));
            return;
        }
    }
    // Someone else's records fill the queue; there is no event to wait for.
    tokio::time::sleep(Duration::from_millis(5)).await;
}

fn delivery<C>(
    report: Result<rdkafka::producer::future_producer::OwnedDeliveryResult, C>,
) -> Result<Ack, PublishError> {
    match report {
        Ok(Ok(delivery)) => Ok(Ack { partition: delivery.partition, offset: delivery.offset }),
        Ok(Err((error, _))) => Err(classify(error)),
        Err(_) => Err(PublishError::Unavailable(Box::new(KafkaError::Canceled))),
    }
}

fn classify(error: KafkaError) -> PublishError {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(
            Code::MessageSizeTooLarge
            | Code::InvalidMessage
            | Code::InvalidMessageSize
            | Code::MessageBatchTooLarge
            | Code::InvalidRecord
            | Code::InvalidTopic
            | Code::InvalidArgument,
        ) => PublishError::Refused(Box::new(error)),
        _ => PublishError::Unavailable(Box::new(error)),
    }
}
