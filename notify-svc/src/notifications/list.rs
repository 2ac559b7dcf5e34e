//! The caller's notifications, newest first.

use uuid::Uuid;

use super::{NotificationError, Notifications, page};
use crate::ledger::history::{self, Entry};
use crate::page::Paged;

impl Notifications {
    /// Answers a page of somebody's notifications.
    pub async fn list(
        &self,
        user_id: Uuid,
        page_size: i32,
        page_token: &str,
    ) -> Result<Paged<Entry>, NotificationError> {
        let page = page(page_size, page_token)?;
        let mut connection = self.pool.acquire().await?;
        let rows = history::of_user(&mut connection, user_id, &page).await?;
        Ok(page.of(rows, |entry| entry.notification_id))
    }
}
