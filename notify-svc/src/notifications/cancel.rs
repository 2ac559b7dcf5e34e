//! An administrator stops a mail that waits.

use uuid::Uuid;

use super::{NotificationError, Notifications, Story, get, lock, wrong_state};
use crate::ledger::interventions;
use crate::notification::State;

impl Notifications {
    /// Ends a notification that is neither final nor on the wire.
    pub async fn cancel(&self, notification_id: Uuid) -> Result<Story, NotificationError> {
        let mut transaction = self.pool.begin().await?;
        let entry = lock(&mut transaction, notification_id).await?;
        if entry.next_attempt_at.is_none() {
            return Err(wrong_state("it is final already"));
        }
        if entry.state == State::Sending.name() {
            return Err(wrong_state("it is being sent at this moment"));
        }
        interventions::cancel(&mut transaction, notification_id).await?;
        let story = get::story(&mut transaction, notification_id).await?;
        transaction.commit().await?;

        self.metrics.changed("cancelled", 1);
        tracing::info!(%notification_id, "a notification was stopped");
        Ok(story)
    }
}
