//! The caller's notifications, newest first.

use chassis::paging::{Listed, Page};
use uuid::Uuid;

use super::{NotificationError, Notifications};
use crate::ledger::history::{self, Entry};

impl Notifications {
    /// Answers a page of somebody's notifications.
    pub async fn list(&self, user_id: Uuid, page: &Page<Uuid>) -> Result<Listed<Entry>, NotificationError> {
        let mut connection = self.pool.acquire().await?;
        let rows = history::of_user(&mut connection, user_id, page).await?;
        Ok(page.cut(rows, |entry| entry.notification_id))
    }
}
