//! Handing batches of records to librdkafka and awaiting what becomes of them.
//!
//! An error that librdkafka calls fatal ends an idempotent producer; it is answered with a new one. What was unanswered
//! then fails, is published again by whoever needs it, and may repeat a record that was stored. Nothing else is: a
//! broker that says nothing is connected to anew by librdkafka, and the producer's number keeps the records single.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eventbus::adapter::StateReporter;
use eventbus::{Ack, BrokerConfigError, PublishError};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use tokio::sync::oneshot;

use crate::client::{Client, Delivered, Record};
use crate::config::{ConnectionContext, KafkaConfig, invalid};

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
    client: Mutex<Arc<Client>>,
}

/// A record that was handed over or refused at once.
enum Handed {
    Waiting(oneshot::Receiver<Delivered>),
    Answered(Result<Ack, PublishError>),
}

impl Producer {
    pub(crate) fn new(config: &KafkaConfig, state: StateReporter) -> Result<Self, BrokerConfigError> {
        let config = config.producer();
        let client = connect(&config, &state).map_err(invalid)?;
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
        let client = Arc::clone(&self.client.lock().unwrap_or_else(PoisonError::into_inner));
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
        if client.fatal_error().is_some() {
            self.replace(&client);
        } else if results.iter().any(Result::is_ok) {
            self.state.up();
        }
        results
    }

    fn replace(&self, broken: &Arc<Client>) {
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current, broken) {
            return;
        }
        match connect(&self.config, &self.state) {
            Ok(fresh) => {
                let fatal_error = broken.fatal_error().map(|(_, reason)| reason);
                tracing::warn!(fatal_error, "the producer ended and was replaced");
                *current = fresh;
            }
            Err(error) => tracing::error!(%error, "the producer ended and cannot be replaced"),
        }
    }
}

fn connect(config: &ClientConfig, state: &StateReporter) -> Result<Arc<Client>, KafkaError> {
    Client::connect(config, ConnectionContext { state: state.clone() }).map(Arc::new)
}

/// Hands one record over; while the queue of librdkafka is full, waits for the oldest records of this batch.
async fn hand_over(client: &Client, record: NewRecord<'_>, handed: &mut [Handed]) -> Handed {
    let (report, reported) = oneshot::channel();
    let mut record = Record {
        topic: record.topic,
        partition: None,
        payload: record.payload,
        key: record.key,
        timestamp: record.timestamp_ms,
        headers: record.headers,
        delivery_opaque: Box::new(report),
    };
    loop {
        match client.send(record) {
            Ok(()) => return Handed::Waiting(reported),
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

fn delivery(report: Result<Delivered, oneshot::error::RecvError>) -> Result<Ack, PublishError> {
    report.unwrap_or(Err(KafkaError::Canceled)).map_err(classify)
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
