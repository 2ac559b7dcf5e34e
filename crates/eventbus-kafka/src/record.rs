//! A record as it came from the broker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use eventbus::adapter::{MalformedRecord, NameAndValue};
use eventbus::{Position, Record};
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, OwnedHeaders};

/// A record with its original bytes, kept until it is finished so that a dead letter repeats it unchanged.
#[derive(Debug)]
pub(crate) struct KafkaRecord {
    topic: Arc<str>,
    position: Position,
    timestamp_ms: Option<i64>,
    key: Option<Bytes>,
    payload: Option<Bytes>,
    headers: Option<OwnedHeaders>,
}

impl KafkaRecord {
    pub(crate) fn new(topic: Arc<str>, message: &BorrowedMessage<'_>) -> Self {
        Self {
            topic,
            position: Position::new(message.partition(), message.offset()),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key().map(Bytes::copy_from_slice),
            payload: message.payload().map(Bytes::copy_from_slice),
            headers: message.headers().map(rdkafka::message::BorrowedHeaders::detach),
        }
    }

    /// Its headers byte by byte, also those whose names cannot be told.
    pub(crate) fn owned_headers(&self) -> OwnedHeaders {
        self.headers.clone().unwrap_or_default()
    }
}

impl Record for KafkaRecord {
    fn topic(&self) -> &str {
        &self.topic
    }

    fn position(&self) -> Position {
        self.position
    }

    fn timestamp_ms(&self) -> Option<i64> {
        self.timestamp_ms
    }

    fn key(&self) -> Option<&Bytes> {
        self.key.as_ref()
    }

    fn payload(&self) -> Option<&Bytes> {
        self.payload.as_ref()
    }

    fn headers(&self) -> Result<Vec<NameAndValue<'_>>, MalformedRecord> {
        let Some(headers) = &self.headers else { return Ok(Vec::new()) };
        // rdkafka panics at header names that are not UTF-8. Nobody's record may stop the group, so it ends here.
        let read = || headers.iter().map(|header| (header.key, header.value)).collect();
        catch_unwind(AssertUnwindSafe(read)).map_err(|_| MalformedRecord::HeaderName)
    }

    fn size(&self) -> usize {
        let header = |header: Header<'_, &[u8]>| header.key.len() + header.value.map_or(0, <[u8]>::len);
        // Such a record counts by the rest.
        let headers = |headers: &OwnedHeaders| {
            catch_unwind(AssertUnwindSafe(|| headers.iter().map(header).sum())).unwrap_or(0)
        };
        let own = [&self.key, &self.payload].into_iter().flatten().map(Bytes::len).sum::<usize>();
        own + self.headers.as_ref().map_or(0, headers) + size_of::<Self>()
    }
}
