//! A record as it came from the broker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, OwnedHeaders};

use super::headers;

/// A record with its original bytes, kept until it is finished so that a dead letter repeats it unchanged.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) key: Option<Bytes>,
    pub(crate) payload: Option<Bytes>,
    pub(crate) headers: Option<OwnedHeaders>,
}

impl Record {
    pub(crate) fn new(topic: Arc<str>, message: &BorrowedMessage<'_>) -> Self {
        Self {
            topic,
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key().map(Bytes::copy_from_slice),
            payload: message.payload().map(Bytes::copy_from_slice),
            headers: message.headers().map(rdkafka::message::BorrowedHeaders::detach),
        }
    }

    /// When it was written, where that is a time that can be told.
    pub(crate) fn time(&self) -> Option<DateTime<Utc>> {
        let time = self.timestamp_ms.and_then(DateTime::<Utc>::from_timestamp_millis);
        time.filter(|time| headers::is_of_this_era(*time))
    }

    /// How much memory it takes, roughly.
    pub(crate) fn bytes(&self) -> usize {
        let header = |header: Header<'_, &[u8]>| header.key.len() + header.value.map_or(0, <[u8]>::len);
        // rdkafka panics at header names that are not UTF-8; such a record counts by the rest.
        let headers = |headers: &OwnedHeaders| {
            catch_unwind(AssertUnwindSafe(|| headers.iter().map(header).sum())).unwrap_or(0)
        };
        let own = [&self.key, &self.payload].into_iter().flatten().map(Bytes::len).sum::<usize>();
        own + self.headers.as_ref().map_or(0, headers) + size_of::<Self>()
    }
}
