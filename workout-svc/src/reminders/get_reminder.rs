//! `GetReminder`.

use uuid::Uuid;

use super::Placed;
use crate::store::reminders;
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers a reminder of the caller.
    pub(crate) async fn get_reminder(
        &self,
        user_id: Uuid,
        reminder_id: Uuid,
    ) -> Result<Placed, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        let athlete = self.athlete(&mut connection, user_id).await?;
        let reminder = reminders::find(&mut connection, user_id, reminder_id).await?;
        Ok(reminder.ok_or(TrainingError::NotFound)?.placed(athlete.time_zone))
    }
}
