//! One dead letter.

use uuid::Uuid;

use super::{DeadLetterError, DeadLetters, ReadableLetter};
use crate::ledger::dead_letters;

impl DeadLetters {
    /// Answers a letter.
    pub async fn get(&self, dead_letter_id: Uuid) -> Result<ReadableLetter, DeadLetterError> {
        let mut connection = self.pool.acquire().await?;
        let letter = dead_letters::find(&mut connection, dead_letter_id).await?;
        Ok(letter.ok_or(DeadLetterError::NotFound)?.into())
    }
}
