//! `ListReminders`: oldest first.

use uuid::Uuid;

use super::Placed;
use crate::store::reminders;
use crate::training::{Training, TrainingError};
use chassis::paging::{Listed, Page};

impl Training {
    /// Answers a page of the caller's reminders.
    pub(crate) async fn list_reminders(
        &self,
        user_id: Uuid,
        page: &Page<Uuid>,
    ) -> Result<Listed<Placed>, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        let athlete = self.athlete(&mut connection, user_id).await?;
        let after = page.after.unwrap_or(Uuid::nil());
        let rows = reminders::list(&mut connection, user_id, after, page.limit()).await?;
        let listed = page.cut(rows, |last| last.reminder_id);
        Ok(listed.map(|reminder| reminder.placed(athlete.time_zone)))
    }
}
