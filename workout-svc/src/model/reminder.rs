//! Reminders to train.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::schedule::{Schedule, Weekdays};

/// A reminder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "an id is named after what it names")]
pub(crate) struct Reminder {
    pub(crate) reminder_id: Uuid,
    pub(crate) message: String,
    pub(crate) time_of_day: NaiveTime,
    pub(crate) weekdays: Weekdays,
    /// Absent: that of the athlete's profile.
    pub(crate) time_zone: Option<Tz>,
    pub(crate) routine_id: Option<Uuid>,
    pub(crate) enabled: bool,
    pub(crate) skip_dates: Vec<NaiveDate>,
    pub(crate) next_due_time: Option<DateTime<Utc>>,
    pub(crate) create_time: DateTime<Utc>,
    pub(crate) update_time: DateTime<Utc>,
}

/// A reminder and the time zone it goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) reminder: Reminder,
    pub(crate) time_zone: Tz,
}

impl Reminder {
    /// The reminder where it goes by; `profile_zone` is the zone of its athlete.
    pub(crate) fn placed(self, profile_zone: Tz) -> Placed {
        Placed { time_zone: self.time_zone.unwrap_or(profile_zone), reminder: self }
    }

    /// When it comes; `profile_zone` is the zone of its athlete.
    pub(crate) fn schedule(&self, profile_zone: Tz) -> Schedule {
        Schedule {
            time_of_day: self.time_of_day,
            weekdays: self.weekdays,
            time_zone: self.time_zone.unwrap_or(profile_zone),
            skip_dates: self.skip_dates.clone(),
        }
    }

    /// When it comes for the first time after `now`; never while it is off.
    pub(crate) fn next_after(&self, now: DateTime<Utc>, profile_zone: Tz) -> Option<DateTime<Utc>> {
        if self.enabled { self.schedule(profile_zone).next_after(now) } else { None }
    }
}
