//! `UpdateReminder`.

use chassis::errors::Violation;
use uuid::Uuid;

use super::{Placed, Reminder, UNKNOWN_ROUTINE, Weekdays, skip_dates, time_of_day, time_zone};
use crate::store::{plans, reminders};
use crate::text;
use crate::training::{Training, TrainingError};
use chassis::mask::Change;

/// Changes to a reminder, with texts as the caller gave them; what is absent stays.
#[derive(Clone, Debug)]
pub(crate) struct UpdateReminder {
    pub(crate) reminder_id: Uuid,
    pub(crate) message: Option<String>,
    pub(crate) time_of_day: Option<String>,
    pub(crate) weekdays: Option<Weekdays>,
    /// Empty is that of the profile.
    pub(crate) time_zone: Option<String>,
    pub(crate) routine_id: Change<Option<Uuid>>,
    pub(crate) enabled: Option<bool>,
    pub(crate) skip_dates: Option<Vec<String>>,
}

impl UpdateReminder {
    fn apply(&self, reminder: &mut Reminder) -> Result<(), Vec<Violation>> {
        let mut violations = Vec::new();
        if let Some(message) = &self.message {
            match text::line("reminder.message", message) {
                Ok(message) => reminder.message = message,
                Err(violation) => violations.push(violation),
            }
        }
        if let Some(text) = &self.time_of_day {
            match time_of_day("reminder.time_of_day", text) {
                Ok(time) => reminder.time_of_day = time,
                Err(violation) => violations.push(violation),
            }
        }
        if let Some(text) = &self.time_zone {
            match time_zone("reminder.time_zone", text) {
                Ok(zone) => reminder.time_zone = zone,
                Err(violation) => violations.push(violation),
            }
        }
        if let Some(texts) = &self.skip_dates {
            match skip_dates("reminder.skip_dates", texts) {
                Ok(dates) => reminder.skip_dates = dates,
                Err(found) => violations.extend(found),
            }
        }
        reminder.weekdays = self.weekdays.unwrap_or(reminder.weekdays);
        reminder.routine_id = self.routine_id.of(reminder.routine_id);
        reminder.enabled = self.enabled.unwrap_or(reminder.enabled);
        if violations.is_empty() { Ok(()) } else { Err(violations) }
    }
}

impl Training {
    /// Changes a reminder of the caller.
    pub(crate) async fn update_reminder(
        &self,
        user_id: Uuid,
        request: UpdateReminder,
    ) -> Result<Placed, TrainingError> {
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let reminder = reminders::lock(&mut transaction, user_id, request.reminder_id).await?;
        let mut reminder = reminder.ok_or(TrainingError::NotFound)?;
        let before = (reminder.schedule(athlete.time_zone), reminder.enabled);
        request.apply(&mut reminder)?;
        if let Change::To(Some(routine_id)) = request.routine_id
            && !plans::hold_routine(&mut transaction, user_id, routine_id).await?
        {
            return Err(TrainingError::invalid("reminder.routine_id", UNKNOWN_ROUTINE));
        }
        // Another message does not lose the occurrence that is due at this moment.
        if before != (reminder.schedule(athlete.time_zone), reminder.enabled) {
            reminder.next_due_time = reminder.next_after(now, athlete.time_zone);
        }
        reminder.update_time = now;
        reminders::update(&mut transaction, &reminder).await?;
        transaction.commit().await?;
        Ok(reminder.placed(athlete.time_zone))
    }
}
