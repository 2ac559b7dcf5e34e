//! An athlete came, or moved to another time zone.

use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::{reminders, weekly_summaries};
use crate::training::{Training, TrainingError};
use crate::weekly;

impl Training {
    /// Sets everything that goes by the clock of an athlete's profile to a new time zone.
    pub(crate) async fn follow_time_zone(
        &self,
        connection: &mut PgConnection,
        user_id: Uuid,
        time_zone: Tz,
    ) -> Result<(), TrainingError> {
        let now = self.now();
        if let Some(due) = weekly::mondays(time_zone).next_after(now) {
            weekly_summaries::schedule(connection, user_id, due).await?;
        }
        for mut reminder in reminders::lock_followers(connection, user_id).await? {
            reminder.next_due_time = reminder.next_after(now, time_zone);
            reminders::update(connection, &reminder).await?;
        }
        Ok(())
    }
}
