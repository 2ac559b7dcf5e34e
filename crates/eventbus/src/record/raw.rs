//! A record for tests.

use bytes::Bytes;

use super::{NameAndValue, Record};
use crate::Position;
use crate::headers::MalformedRecord;

pub(crate) struct RawRecord {
    pub(crate) position: Position,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) key: Option<Bytes>,
    pub(crate) payload: Option<Bytes>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Default for RawRecord {
    fn default() -> Self {
        let position = Position::new(0, 7);
        Self { position, timestamp_ms: None, key: None, payload: None, headers: Vec::new() }
    }
}

impl Record for RawRecord {
    fn topic(&self) -> &'static str {
        "fitness.user.events"
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
        Ok(self.headers.iter().map(|(name, value)| (name.as_str(), Some(value.as_bytes()))).collect())
    }

    fn size(&self) -> usize {
        0
    }
}
