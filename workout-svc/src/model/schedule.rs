//! When a reminder comes: by the clocks on the wall, whatever is done to them.

use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
    Weekday,
};
use chrono_tz::Tz;

/// How many days ahead an occurrence is looked for. A reminder for one day of the week with every one of them skipped
/// for a year counts as over.
const HORIZON_DAYS: u64 = 371;

/// A time of day on days of the week in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The time of day.
    pub time_of_day: NaiveTime,
    /// On which days.
    pub weekdays: Weekdays,
    /// Where.
    pub time_zone: Tz,
    /// Days that are left out.
    pub skip_dates: Vec<NaiveDate>,
}

/// Some days of the week; never none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// The given days, or all if none is given.
    pub fn of(days: impl IntoIterator<Item = Weekday>) -> Self {
        let bits = days.into_iter().fold(0, |bits, day| bits | 1 << day.num_days_from_monday());
        if bits == 0 { Self::ALL } else { Self(bits) }
    }

    /// Whether the day is among them.
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & 1 << day.num_days_from_monday() != 0
    }

    /// The days from Monday on.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        (0..7_u8).filter_map(|index| Weekday::try_from(index).ok()).filter(move |day| self.contains(*day))
    }
}

impl Schedule {
    /// The first occurrence after the given moment; nothing if only skipped days are left.
    pub fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // The day before, since an occurrence in a gap over midnight comes on the next one.
        let first = moment.with_timezone(&self.time_zone).date_naive().checked_sub_days(Days::new(1))?;
        first
            .iter_days()
            .take(HORIZON_DAYS as usize)
            .filter(|date| self.weekdays.contains(date.weekday()) && !self.skip_dates.contains(date))
            .filter_map(|date| self.occurrence(date))
            .find(|occurrence| *occurrence > moment)
    }

    /// The newest occurrence from `due`, itself one, up to the given moment.
    pub fn newest_up_to(&self, due: DateTime<Utc>, moment: DateTime<Utc>) -> DateTime<Utc> {
        let following = std::iter::successors(Some(due), |newest| self.next_after(*newest));
        following.take_while(|occurrence| *occurrence <= moment).last().unwrap_or(due)
    }

    /// When the reminder comes on a day; nothing on a day that the zone left out when it crossed the date line.
    fn occurrence(&self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let begins = first_moment(self.time_zone, date.and_time(NaiveTime::MIN))?;
        let exists = begins.with_timezone(&self.time_zone).date_naive() == date;
        if exists { first_moment(self.time_zone, date.and_time(self.time_of_day)) } else { None }
    }
}

/// The first moment at which clocks show the given time, or, if they never do, a later one.
///
/// Zones change at whole minutes and by at most a day.
fn first_moment(time_zone: Tz, wall_clock: NaiveDateTime) -> Option<DateTime<Utc>> {
    (0..=24 * 60)
        .find_map(|minutes| {
            time_zone.from_local_datetime(&(wall_clock + TimeDelta::minutes(minutes))).earliest()
        })
        .map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests;
