//! Putting dead letters back on the topics they came from, byte by byte.
//!
//! A letter is marked before it is sent: if its consumer gives it up again at once, that arrives after the mark and
//! takes it away. A mark whose record did not get through is taken back; if the process dies in between, the letter
//! looks replayed, and an administrator may force another replay, which idempotent consumers do not mind.

use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, Utc};
use eventbus::{BrokerPublisher as _, BusState, OriginalRecord, RecordHeader};
use tokio::time::timeout;
use uuid::Uuid;

use super::{DeadLetterError, DeadLetters, ReadableLetter};
use crate::ledger::dead_letters::{self, Filter, Letter};

/// Most letters of a call.
const BATCH: i64 = 500;
/// Longest wait for the broker; the publisher itself would wait for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of a replay of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Put back.
    pub replayed: usize,
    /// Not taken by the broker.
    pub failed: usize,
    /// Whether there may be more.
    pub more: bool,
}

impl DeadLetters {
    /// Puts one letter back; for the second time only if `force`.
    pub async fn replay(&self, dead_letter_id: Uuid, force: bool) -> Result<ReadableLetter, DeadLetterError> {
        self.check_broker()?;
        let mut connection = self.pool.acquire().await?;
        let known = dead_letters::find(&mut connection, dead_letter_id).await?;
        if known.ok_or(DeadLetterError::NotFound)?.origin_topic.is_empty() {
            return Err(DeadLetterError::WrongState("it does not say which topic it came from"));
        }
        let now = self.now();
        let Some(letter) = dead_letters::mark(&mut connection, dead_letter_id, force, now).await? else {
            return Err(DeadLetterError::WrongState("it was replayed before; set force to do it again"));
        };
        drop(connection);
        if self.send(std::slice::from_ref(&letter), now).await? == 0 {
            return Err(DeadLetterError::BrokerAway);
        }
        tracing::info!(%dead_letter_id, group = letter.consumer_group, "a dead letter was replayed");
        Ok(letter.into())
    }

    /// Puts back those that fit and were not replayed, oldest first.
    pub async fn replay_many(&self, filter: &Filter) -> Result<Replayed, DeadLetterError> {
        self.check_broker()?;
        let now = self.now();
        let mut connection = self.pool.acquire().await?;
        let letters = dead_letters::mark_many(&mut connection, filter, BATCH, now).await?;
        drop(connection);
        let replayed = self.send(&letters, now).await?;
        if replayed == 0 && !letters.is_empty() {
            return Err(DeadLetterError::BrokerAway);
        }
        if replayed > 0 {
            tracing::info!(letters = replayed, "dead letters were replayed");
        }
        let failed = letters.len() - replayed;
        Ok(Replayed { replayed, failed, more: letters.len() as i64 == BATCH })
    }

    /// Sends marked letters and takes the marks back of those that did not get through. Answers how many did.
    async fn send(&self, letters: &[Letter], marked: DateTime<Utc>) -> Result<usize, DeadLetterError> {
        let records: Vec<_> = letters.iter().map(original).collect();
        let records: Vec<_> = letters
            .iter()
            .zip(&records)
            .map(|(letter, record)| (letter.origin_topic.as_str(), record))
            .collect();
        let results = timeout(PATIENCE, self.publisher.repeat(&records)).await;
        let failed: Vec<_> = match results {
            Ok(results) => {
                let refused = letters.iter().zip(&results).filter(|(_, result)| result.is_err());
                refused.map(|(letter, _)| letter.dead_letter_id).collect()
            }
            // Some may get through yet; replaying those again does no harm.
            Err(_) => letters.iter().map(|letter| letter.dead_letter_id).collect(),
        };
        if !failed.is_empty() {
            let mut connection = self.pool.acquire().await?;
            dead_letters::unmark(&mut connection, &failed, marked).await?;
        }
        Ok(letters.len() - failed.len())
    }

    fn check_broker(&self) -> Result<(), DeadLetterError> {
        match *self.publisher.state().borrow() {
            BusState::Down(_) => Err(DeadLetterError::BrokerAway),
            BusState::Connecting | BusState::Up => Ok(()),
        }
    }

    /// The time in the precision of the database, by which a mark is found again.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }
}

fn original(letter: &Letter) -> OriginalRecord {
    let headers = letter.header_names.iter().zip(&letter.header_values);
    OriginalRecord {
        key: letter.record_key.clone().map(Into::into),
        payload: letter.payload.clone().map(Into::into),
        timestamp_ms: letter.record_time.map(|time| time.timestamp_millis()),
        headers: headers
            .map(|(name, value)| RecordHeader { name: name.clone(), value: value.clone().map(Into::into) })
            .collect(),
    }
}
