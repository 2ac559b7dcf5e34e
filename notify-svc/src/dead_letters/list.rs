//! The dead letters, newest first.

use super::{DeadLetterError, DeadLetters, ReadableLetter};
use crate::ledger::dead_letters::{self, Filter};
use crate::page::{Page, Paged};

/// Which dead letters.
#[derive(Clone, Debug, Default)]
pub struct ListDeadLetters {
    /// Which of them.
    pub filter: Filter,
    /// Most of them.
    pub page_size: i32,
    /// Where to go on.
    pub page_token: String,
}

impl DeadLetters {
    /// Answers a page of the letters that fit.
    pub async fn list(&self, list: &ListDeadLetters) -> Result<Paged<ReadableLetter>, DeadLetterError> {
        let page = Page::new(list.page_size, &list.page_token)
            .map_err(|error| DeadLetterError::invalid("page_token", &error.to_string()))?;
        let mut connection = self.pool.acquire().await?;
        let rows = dead_letters::search(&mut connection, &list.filter, &page).await?;
        let Paged { rows, next_page_token } = page.of(rows, |letter| letter.dead_letter_id);
        Ok(Paged { rows: rows.into_iter().map(ReadableLetter::from).collect(), next_page_token })
    }
}
