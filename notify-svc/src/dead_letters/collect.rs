//! From the dead-letter topics into the table.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use eventbus::{DeadLetter, Delivery, Handler, Outcome};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use crate::ledger::accounts;
use crate::ledger::dead_letters::{self, Letter, NewLetter};

/// Stores dead letters, except those of people who are gone.
#[derive(Debug)]
pub struct Collector {
    pool: PgPool,
}

impl Collector {
    /// Stores into the tables of `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
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

impl Handler for Collector {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Done; batch.len()];
        let mut letters = Vec::with_capacity(batch.len());
        for (position, delivery) in batch.iter().enumerate() {
            match DeadLetter::of(delivery) {
                Ok(letter) => letters.push(new_letter(letter)),
                // Only the role of another consumer than ours brings anything else.
                Err(_) => outcomes[position] = Outcome::Reject("it is no dead letter".to_owned()),
            }
        }
        if let Err(error) = self.store(&letters).await {
            tracing::warn!(error = %chassis::lifecycle::chain(&error), "dead letters cannot be stored now");
            for outcome in &mut outcomes {
                if *outcome == Outcome::Done {
                    *outcome = Outcome::Retry("the table cannot be written".to_owned());
                }
            }
        }
        outcomes
    }
}

/// The row of a letter.
pub(crate) fn new_letter(letter: DeadLetter) -> NewLetter {
    let event_id: Option<Uuid> = letter.record.header("ce_id").and_then(|id| id.parse().ok());
    let event_type = letter.record.header("ce_type").map(str::to_owned);
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
        consumer_group: letter.group,
        origin_topic: letter.topic,
        origin_partition: letter.partition,
        origin_offset: letter.offset,
        reason: letter.reason,
        message: letter.message,
        attempts: letter.attempts.try_into().unwrap_or(i32::MAX),
        event_id,
        event_type,
        record_key: record.key.map(|key| key.to_vec()),
        payload: record.payload.map(|payload| payload.to_vec()),
        record_time: record.timestamp_ms.and_then(DateTime::<Utc>::from_timestamp_millis),
        header_names,
        header_values,
        arrive_time: DateTime::default(),
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
