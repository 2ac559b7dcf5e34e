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
mod update_reminder;

use chassis::errors::Violation;
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

pub(crate) use self::create_reminder::CreateReminder;
pub(crate) use self::update_reminder::UpdateReminder;
use crate::model::reminder::{Placed, Reminder};
use crate::model::schedule::Weekdays;
use chassis::moment;

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
