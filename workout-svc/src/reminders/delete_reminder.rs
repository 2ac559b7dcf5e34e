//! `DeleteReminder`.

use uuid::Uuid;

use crate::store::reminders;
use crate::training::{Training, TrainingError};

impl Training {
    /// Deletes a reminder of the caller.
    pub(crate) async fn delete_reminder(
        &self,
        user_id: Uuid,
        reminder_id: Uuid,
    ) -> Result<(), TrainingError> {
        let mut transaction = self.pool.begin().await?;
        self.hold_athlete(&mut transaction, user_id).await?;
        let deleted = reminders::delete(&mut transaction, user_id, reminder_id).await?;
        transaction.commit().await?;
        if deleted { Ok(()) } else { Err(TrainingError::NotFound) }
    }
}
