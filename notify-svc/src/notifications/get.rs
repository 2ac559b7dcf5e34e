//! One notification with all that happened to it.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{NotificationError, Notifications};
use crate::ledger::history::{self, Change, Entry};

/// A notification and its changes, oldest first.
#[derive(Clone, Debug)]
pub struct Story {
    /// The notification.
    pub entry: Entry,
    /// What happened to it.
    pub timeline: Vec<Change>,
}

impl Notifications {
    /// Answers a notification of `user_id`; those of others do not exist for the caller.
    pub async fn get(&self, user_id: Uuid, notification_id: Uuid) -> Result<Story, NotificationError> {
        let mut connection = self.pool.acquire().await?;
        let entry = history::find(&mut connection, notification_id).await?;
        let entry = entry.filter(|entry| entry.user_id == user_id).ok_or(NotificationError::NotFound)?;
        let timeline = history::timeline(&mut connection, notification_id).await?;
        Ok(Story { entry, timeline })
    }
}

/// The story of a notification that was just changed.
pub(super) async fn story(
    connection: &mut PgConnection,
    notification_id: Uuid,
) -> Result<Story, NotificationError> {
    let entry = history::find(connection, notification_id).await?.ok_or(NotificationError::NotFound)?;
    let timeline = history::timeline(connection, notification_id).await?;
    Ok(Story { entry, timeline })
}
