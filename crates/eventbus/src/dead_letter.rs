//! Dead letters as whoever looks after them sees them.

use bytes::Bytes;
use prost::{DecodeError, Message};

use crate::Delivery;

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
    /// Its position in the partition.
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

impl DeadLetter {
    /// The dead letter in what a collector was handed.
    pub fn of(delivery: &Delivery) -> Result<Self, DecodeError> {
        Self::decode(delivery.envelope.payload.clone())
    }
}

impl OriginalRecord {
    /// Whether both are one record; its time is the broker's to change.
    pub(crate) fn same_record(&self, other: &Self) -> bool {
        (&self.key, &self.payload, &self.headers) == (&other.key, &other.payload, &other.headers)
    }

    /// The text of the first header with this name; `None` if there is none or if it is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|header| header.name == name)?;
        std::str::from_utf8(header.value.as_deref()?).ok()
    }
}
