//! From the dead-letter topics into the table.
//!
//! Anybody who may write to such a topic may write there what no consumer has buried. So a letter is believed only if its
//! record lies where it says; one that is not keeps its bytes and loses its claims: it has no group, no topic and no
//! reason, and cannot be replayed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::database;
use chassis::foreign::presentable;
use eventbus::{
    DeadLetter, Delivery, Failure, Handler, OriginError, Origins, Outcome, Together, by_halves, chain,
};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use crate::ledger::accounts;
use crate::ledger::dead_letters::{self, Letter, NewLetter};

/// The longest text of a letter that is kept; group, topic and type have names of at most 255.
const MAX_TEXT: usize = 1_000;
/// What stands in the place of a message that nobody has to have written.
const UNCONFIRMED: &str = "no such record lies where this letter says it came from";

/// Stores dead letters, except those of people who are gone.
#[derive(Debug)]
pub struct Collector {
    pool: PgPool,
    origins: Arc<dyn Origins>,
}

impl Collector {
    /// Stores into the tables of `pool` what lay on `origins` before it was buried.
    pub fn new(pool: PgPool, origins: Arc<dyn Origins>) -> Self {
        Self { pool, origins }
    }

    /// Stores letters; what is known already stays as it is.
    pub async fn store(&self, letters: &[NewLetter]) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let user_ids: Vec<_> = letters.iter().filter_map(|new| new.user_id).collect();
        let erased = accounts::hold(&mut transaction, &user_ids).await?;
        for new in letters {
            if new.user_id.is_none_or(|user_id| !erased.contains(&user_id)) {
                dead_letters::store(&mut transaction, new).await?;
            }
        }
        transaction.commit().await
    }
}

impl Collector {
    /// Takes the claims from letters whose record does not lie where they say.
    async fn judge(&self, letters: Vec<DeadLetter>) -> Result<Vec<DeadLetter>, OriginError> {
        let confirmed = self.origins.confirm(letters.clone()).await?;
        let judged = letters.into_iter().zip(confirmed).map(|(letter, confirmed)| {
            if confirmed {
                return letter;
            }
            let record = letter.record;
            if [&letter.group, &letter.topic, &letter.reason].iter().all(|claim| claim.is_empty()) {
                return DeadLetter { record, ..DeadLetter::default() };
            }
            tracing::warn!(group = presentable(&letter.group, 249), "a dead letter is not what it says");
            DeadLetter { message: UNCONFIRMED.to_owned(), record, ..DeadLetter::default() }
        });
        Ok(judged.collect())
    }
}

impl Together for Collector {
    type Item = NewLetter;
    type Done = ();

    async fn attempt(&self, letters: &[NewLetter]) -> Result<(), Failure> {
        self.store(letters)
            .await
            .map_err(|error| database::failure(&error, "dead letters cannot be stored now"))
    }
}

impl Handler for Collector {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Done; batch.len()];
        let (mut letters, mut positions) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for (position, delivery) in batch.iter().enumerate() {
            match DeadLetter::of(delivery) {
                Ok(letter) => {
                    letters.push(letter);
                    positions.push(position);
                }
                // Only the role of another consumer than ours brings anything else.
                Err(_) => outcomes[position] = Outcome::Reject("it is no dead letter".to_owned()),
            }
        }
        let handled: Vec<Outcome> = match self.judge(letters).await {
            Ok(letters) => {
                let parts = by_halves(self, letters.into_iter().map(new_letter).collect()).await;
                parts.into_iter().flat_map(|(part, stored)| vec![stored.into(); part.len()]).collect()
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "dead letters cannot be looked into now");
                vec![Outcome::Retry("the origin of dead letters cannot be read".to_owned()); positions.len()]
            }
        };
        for (position, outcome) in positions.into_iter().zip(handled) {
            outcomes[position] = outcome;
        }
        outcomes
    }
}

/// When a record was written, where that is a time that can be told.
fn moment(milliseconds: i64) -> Option<chrono::DateTime<chrono::Utc>> {
    let seconds = milliseconds.div_euclid(1_000);
    let nanos = milliseconds.rem_euclid(1_000) as i32 * 1_000_000;
    chassis::foreign::moment(Some(prost_types::Timestamp { seconds, nanos }))
}

/// The row of a letter.
pub(crate) fn new_letter(letter: DeadLetter) -> NewLetter {
    let event_id: Option<Uuid> = letter.record.header("ce_id").and_then(|id| id.parse().ok());
    let event_type = letter.record.header("ce_type").map(|name| presentable(name, 255));
    let identity = event_id.map_or_else(|| hash(&letter), |id| id.to_string());
    let record = letter.record;
    let key = record.key.as_deref();
    let user_id = key.and_then(|key| std::str::from_utf8(key).ok()?.parse().ok());
    let (header_names, header_values) = record
        .headers
        .into_iter()
        .map(|header| (header.name, header.value.map(|value| value.to_vec())))
        .unzip();
    let letter = Letter {
        dead_letter_id: Uuid::now_v7(),
        consumer_group: presentable(&letter.group, 249),
        origin_topic: presentable(&letter.topic, 249),
        origin_partition: letter.partition,
        origin_offset: letter.offset,
        reason: presentable(&letter.reason, 64),
        message: presentable(&letter.message, MAX_TEXT),
        attempts: letter.attempts.try_into().unwrap_or(i32::MAX),
        event_id,
        event_type,
        record_key: record.key.map(|key| key.to_vec()),
        payload: record.payload.map(|payload| payload.to_vec()),
        record_time: record.timestamp_ms.and_then(moment),
        header_names,
        header_values,
        size_bytes: 0,
        arrive_time: chrono::DateTime::default(),
        replay_time: None,
        replays: 0,
    };
    NewLetter { letter, identity, user_id }
}

/// Stands for a record without an event id: equal bytes at the same place are the same record.
fn hash(letter: &DeadLetter) -> String {
    let mut hash = Sha256::new();
    for part in [letter.record.key.as_deref(), letter.record.payload.as_deref()] {
        let part = part.unwrap_or_default();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(letter.partition.to_be_bytes());
    hash.update(letter.offset.to_be_bytes());
    URL_SAFE_NO_PAD.encode(hash.finalize())
}
