//! Dead letters as whoever looks after them sees them.

use std::fmt;

use bytes::Bytes;
use futures::future::BoxFuture;
use prost::{DecodeError, Message};

use crate::headers::MalformedRecord;
use crate::{BoxError, Delivery, Envelope, Position, Record, TraceContext};

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
pub trait DeadLetterTopic: Send + Sync + 'static {
    /// A record as the broker's client holds it.
    type Record: Record;

    /// Puts a record with its original key, value and headers, and these headers besides, on the topic; `Ok` once the
    /// broker has it. The topic is made for the first one, for most groups never have any.
    fn put(
        &self,
        record: &Self::Record,
        additions: &[(&'static str, String)],
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// A record that a consumer group gave up, and why. It is a message of its own, so that it can travel as the payload of
/// a [`Delivery`] to a consumer with the role [`Collector`](crate::ConsumerRole::Collector).
#[derive(Clone, PartialEq, Message)]
pub struct DeadLetter {
    /// The group that gave it up.
    #[prost(string, tag = "1")]
    pub group: String,
    /// The topic it came from.
    #[prost(string, tag = "2")]
    pub topic: String,
    /// The partition it came from.
    #[prost(int32, tag = "3")]
    pub partition: i32,
    /// Its number in the partition.
    #[prost(int64, tag = "4")]
    pub offset: i64,
    /// `undecodable`, `forged`, `rejected` or `retries_exhausted`; empty in a record that no consumer of ours has buried.
    #[prost(string, tag = "5")]
    pub reason: String,
    /// How often it was tried.
    #[prost(uint32, tag = "6")]
    pub attempts: u32,
    /// What the decoder or the handler said.
    #[prost(string, tag = "7")]
    pub message: String,
    /// The record as it was before it was buried.
    #[prost(message, required, tag = "8")]
    pub record: OriginalRecord,
}

/// A record byte by byte.
#[derive(Clone, PartialEq, Message)]
pub struct OriginalRecord {
    /// Its key.
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub key: Option<Bytes>,
    /// Its value.
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub payload: Option<Bytes>,
    /// Its time in milliseconds since 1970.
    #[prost(int64, optional, tag = "3")]
    pub timestamp_ms: Option<i64>,
    /// Its headers in their order.
    #[prost(message, repeated, tag = "4")]
    pub headers: Vec<RecordHeader>,
}

/// A header of a record.
#[derive(Clone, PartialEq, Message)]
pub struct RecordHeader {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its value.
    #[prost(bytes = "bytes", optional, tag = "2")]
    pub value: Option<Bytes>,
}

/// The headers that a dead letter adds to its record.
pub(crate) fn additions(
    group: &str,
    record: &impl Record,
    cause: &Cause,
    attempts: u32,
) -> [(&'static str, String); 7] {
    let position = record.position();
    [
        (GROUP, group.to_owned()),
        (TOPIC, record.topic().to_owned()),
        (PARTITION, position.partition().to_string()),
        (OFFSET, position.offset().to_string()),
        (REASON, cause.reason.to_owned()),
        (ATTEMPTS, attempts.to_string()),
        (MESSAGE, cause.message.clone()),
    ]
}

/// Reads a record of a dead-letter topic: the added headers apart, the original as it was. Whatever lies there is
/// readable, unless not even its headers have names.
pub(crate) fn read(record: &impl Record) -> Result<Envelope, MalformedRecord> {
    let added = record.headers()?;
    let text = |name: &str| {
        let value = added.iter().rev().find(|(header, _)| *header == name).and_then(|(_, value)| *value);
        value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    };
    let original = OriginalRecord::of(record)?;
    let trace = TraceContext::received(original.header("traceparent"), original.header("tracestate"));
    let key = String::from_utf8_lossy(record.key().map(|key| &**key).unwrap_or_default()).into_owned();
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
        topic: record.topic().to_owned(),
        key,
        payload: letter.encode_to_vec().into(),
        trace,
    })
}

/// Looks records up where dead letters say that they lay.
///
/// Whoever may write to a dead-letter topic may write there what no consumer has buried. A letter is believed only if
/// the record in it lies on its own topic, at its position: then showing and replaying it gives away nothing that was
/// not on that topic already.
pub trait Origins: fmt::Debug + Send + Sync {
    /// Says of each letter whether its record lies where it says.
    fn confirm(&self, letters: Vec<DeadLetter>) -> BoxFuture<'_, Result<Vec<bool>, OriginError>>;
}

/// Why nothing can be said about letters now.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// The broker did not answer as it should.
    #[error("the topics cannot be read")]
    Client(#[source] BoxError),
    /// It did not answer in time.
    #[error("the topics were not read in time")]
    Timeout,
}

impl DeadLetter {
    /// The dead letter in what a collector was handed.
    pub fn of(delivery: &Delivery) -> Result<Self, DecodeError> {
        Self::decode(delivery.envelope.payload.clone())
    }

    /// Where it says that it came from.
    pub fn position(&self) -> Position {
        Position::new(self.partition, self.offset)
    }
}

impl OriginalRecord {
    /// A record without what a dead letter adds to it.
    pub fn of(record: &impl Record) -> Result<Self, MalformedRecord> {
        let headers = record.headers()?.into_iter().filter(|(name, _)| !name.starts_with(PREFIX));
        Ok(Self {
            key: record.key().cloned(),
            payload: record.payload().cloned(),
            timestamp_ms: record.timestamp_ms(),
            headers: headers
                .map(|(name, value)| RecordHeader {
                    name: name.to_owned(),
                    value: value.map(Bytes::copy_from_slice),
                })
                .collect(),
        })
    }

    /// Whether both are one record; its time is the broker's to change.
    pub fn same_record(&self, other: &Self) -> bool {
        (&self.key, &self.payload, &self.headers) == (&other.key, &other.payload, &other.headers)
    }

    /// The text of the first header with this name; `None` if there is none or if it is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|header| header.name == name)?;
        std::str::from_utf8(header.value.as_deref()?).ok()
    }
}
