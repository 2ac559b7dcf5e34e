//! Reminders to train.
//!
//! A reminder knows when it comes next; [`remind`] finds those whose time has come, in any number of processes, and
//! each of them once.

mod create_reminder;
mod delete_reminder;
mod follow_time_zone;
mod get_reminder;
mod list_reminders;
mod remind;
mod schedule;
mod update_reminder;

use chassis::errors::Violation;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

pub(crate) use self::create_reminder::CreateReminder;
pub use self::schedule::{Schedule, Weekdays};
pub(crate) use self::update_reminder::UpdateReminder;
use crate::moment;

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
    fn placed(self, profile_zone: Tz) -> Placed {
        Placed { time_zone: self.time_zone.unwrap_or(profile_zone), reminder: self }
    }

    /// When it comes; `profile_zone` is the zone of its athlete.
    fn schedule(&self, profile_zone: Tz) -> Schedule {
        Schedule {
            time_of_day: self.time_of_day,
            weekdays: self.weekdays,
            time_zone: self.time_zone.unwrap_or(profile_zone),
            skip_dates: self.skip_dates.clone(),
        }
    }

    /// When it comes for the first time after `now`; never while it is off.
    fn next_after(&self, now: DateTime<Utc>, profile_zone: Tz) -> Option<DateTime<Utc>> {
        if self.enabled { self.schedule(profile_zone).next_after(now) } else { None }
    }
}

/// Reads a time of day such as `18:30`.
fn time_of_day(field: &str, text: &str) -> Result<NaiveTime, Violation> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| Violation::new(field, "must be a time such as 18:30"))
}

/// Reads a time zone; an empty one is that of the profile.
fn time_zone(field: &str, text: &str) -> Result<Option<Tz>, Violation> {
    if text.is_empty() {
        return Ok(None);
    }
    let unknown = |_| Violation::new(field, "must be an IANA time zone such as Europe/Berlin");
    text.parse().map(Some).map_err(unknown)
}

/// Reads days to leave out.
fn skip_dates(field: &str, texts: &[String]) -> Result<Vec<NaiveDate>, Vec<Violation>> {
    let (mut dates, mut violations) = (Vec::with_capacity(texts.len()), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match moment::date(&format!("{field}[{index}]"), text) {
            Ok(date) => dates.push(date),
            Err(violation) => violations.push(violation),
        }
    }
    if violations.is_empty() { Ok(dates) } else { Err(violations) }
}

/// What is wrong with a routine of somebody else or none at all.
const UNKNOWN_ROUTINE: &str = "must be a routine of yours";
