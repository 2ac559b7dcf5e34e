//! The dead letters, newest first.

use chassis::paging::{Listed, Page};
use uuid::Uuid;

use super::{DeadLetterError, DeadLetters, ReadableLetter};
use crate::ledger::dead_letters::{self, Filter};

impl DeadLetters {
    /// Answers a page of the letters that fit.
    pub async fn list(
        &self,
        filter: &Filter,
        page: &Page<Uuid>,
    ) -> Result<Listed<ReadableLetter>, DeadLetterError> {
        let mut connection = self.pool.acquire().await?;
        let rows = dead_letters::search(&mut connection, filter, page).await?;
        Ok(page.cut(rows, |letter| letter.dead_letter_id).map(ReadableLetter::from))
    }
}
