//! Which mails the caller wants.

use uuid::Uuid;

use super::{NotificationError, Notifications};
use crate::ledger::preferences;
use crate::preferences::Preferences;

impl Notifications {
    /// Answers somebody's preferences, the usual ones if they were never changed.
    pub async fn get_preferences(&self, user_id: Uuid) -> Result<Preferences, NotificationError> {
        let mut connection = self.pool.acquire().await?;
        let mut found = preferences::find(&mut connection, &[user_id]).await?;
        Ok(found.remove(&user_id).unwrap_or_default())
    }
}
