//! `CreateReminder`.

use uuid::Uuid;

use super::{Placed, Reminder, UNKNOWN_ROUTINE, Weekdays, skip_dates, time_of_day, time_zone};
use crate::limits;
use crate::store::{plans, reminders};
use crate::text;
use crate::training::{Training, TrainingError};

/// A reminder to set, with texts as the caller gave them.
#[derive(Clone, Debug)]
pub(crate) struct CreateReminder {
    pub(crate) message: String,
    pub(crate) time_of_day: String,
    pub(crate) weekdays: Weekdays,
    /// Empty is that of the profile.
    pub(crate) time_zone: String,
    pub(crate) routine_id: Option<Uuid>,
    pub(crate) enabled: bool,
    pub(crate) skip_dates: Vec<String>,
}

impl Training {
    /// Sets a reminder for the caller.
    pub(crate) async fn create_reminder(
        &self,
        user_id: Uuid,
        request: CreateReminder,
    ) -> Result<Placed, TrainingError> {
        let now = self.now();
        let mut violations = Vec::new();
        let message = text::line("message", &request.message).map_err(|violation| violations.push(violation));
        let time_of_day =
            time_of_day("time_of_day", &request.time_of_day).map_err(|violation| violations.push(violation));
        let time_zone =
            time_zone("time_zone", &request.time_zone).map_err(|violation| violations.push(violation));
        let skip_dates =
            skip_dates("skip_dates", &request.skip_dates).map_err(|found| violations.extend(found));
        let (Ok(message), Ok(time_of_day), Ok(time_zone), Ok(skip_dates)) =
            (message, time_of_day, time_zone, skip_dates)
        else {
            return Err(violations.into());
        };

        let mut transaction = self.pool.begin().await?;
        let athlete = self.lock_athlete(&mut transaction, user_id).await?;
        if let Some(routine_id) = request.routine_id
            && !plans::hold_routine(&mut transaction, user_id, routine_id).await?
        {
            return Err(TrainingError::invalid("routine_id", UNKNOWN_ROUTINE));
        }
        limits::REMINDERS.check(reminders::count(&mut transaction, user_id).await?, 1)?;
        let mut reminder = Reminder {
            reminder_id: Uuid::now_v7(),
            message,
            time_of_day,
            weekdays: request.weekdays,
            time_zone,
            routine_id: request.routine_id,
            enabled: request.enabled,
            skip_dates,
            next_due_time: None,
            create_time: now,
            update_time: now,
        };
        reminder.next_due_time = reminder.next_after(now, athlete.time_zone);
        reminders::insert(&mut transaction, user_id, &reminder).await?;
        transaction.commit().await?;
        Ok(reminder.placed(athlete.time_zone))
    }
}
