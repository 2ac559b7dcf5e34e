//! The time of the day in which mails that can wait do wait.
//!
//! It is told by the clock on the recipient's wall, whatever that clock does: where it is put forward over the end, the
//! quiet ends with the jump; where it is put back into the quiet, it is quiet again.

use chrono::{DateTime, DurationRound as _, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// Longer than a day with any change of the clock in it.
const LONGEST: i64 = 50 * 60;

/// A daily span of quiet; it ends on the next day where the end is before the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// Whether there is one.
    pub enabled: bool,
    /// Its first minute.
    pub start: NaiveTime,
    /// The first minute after it.
    pub end: NaiveTime,
}

impl Default for QuietHours {
    fn default() -> Self {
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("the hour is on the clock");
        Self { enabled: false, start: hour(22), end: hour(7) }
    }
}

impl QuietHours {
    /// Whether it is quiet when the clock on the wall says `time`.
    pub fn contain(&self, time: NaiveTime) -> bool {
        let Self { enabled, start, end } = *self;
        enabled && if start <= end { start <= time && time < end } else { time >= start || time < end }
    }

    /// When the quiet of `now` ends in `zone`; `None` if it is not quiet.
    pub fn end_after(&self, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let local = |time: DateTime<Utc>| zone.from_utc_datetime(&time.naive_utc()).naive_local();
        let offset = |time: DateTime<Utc>| zone.offset_from_utc_datetime(&time.naive_utc()).fix();
        let wall = local(now);
        if !self.contain(wall.time()) {
            return None;
        }
        let days = TimeDelta::days(i64::from(wall.time() >= self.end));
        let end = (wall.date() + days).and_time(self.end).and_utc()
            - TimeDelta::seconds(offset(now).local_minus_utc().into());
        if offset(end) == offset(now) {
            return Some(end);
        }
        // The clock changes before the end. Going by the minute is right for every change there is.
        let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        let minutes = (1..LONGEST).map(|step| minute + TimeDelta::minutes(step));
        Some(minutes.into_iter().find(|time| !self.contain(local(*time).time())).unwrap_or(end))
    }
}

#[cfg(test)]
mod tests;
