//! The dead letters of all services: collected from their topics, listed decoded, put back.
//!
//! The topics forget, so the letters are copied into a table as they come. A letter is known by its event and by the
//! group that gave it up; if it comes again from another position, somebody gave it up again.

mod collect;
mod decode;
mod error;
mod get;
mod list;
mod replay;

use std::sync::Arc;

use chassis::time::Clock;
use eventbus::BusPublisher;
use sqlx::PgPool;

pub use self::collect::Collector;
pub use self::error::DeadLetterError;
pub use self::replay::Replayed;
use crate::ledger::dead_letters::Letter;

/// The longest key that is shown; ours are the identifiers of accounts.
const MAX_KEY: usize = 256;

/// Answers and replays dead letters; cheap to clone.
#[derive(Clone)]
pub struct DeadLetters {
    /// Where they are.
    pub pool: PgPool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Puts them back on their topics.
    pub publisher: BusPublisher,
}

/// A dead letter as people read it.
#[derive(Clone, Debug)]
pub struct ReadableLetter {
    /// The letter.
    pub letter: Letter,
    /// The event in JSON; `None` if it cannot be decoded.
    pub event: Option<serde_json::Value>,
    /// Its key as text.
    pub key: String,
}

impl From<Letter> for ReadableLetter {
    fn from(letter: Letter) -> Self {
        let event = letter.event_type.as_deref().zip(letter.payload.as_deref());
        let event = event.and_then(|(event_type, payload)| decode::event(event_type, payload));
        let key = String::from_utf8_lossy(letter.record_key.as_deref().unwrap_or_default());
        let key = decode::without_addresses(&chassis::foreign::presentable(&key, MAX_KEY));
        Self { letter, event, key }
    }
}
