//! Times and dates that callers give. The database knows fewer of them than protobuf and chrono do.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use prost_types::Timestamp;
use serde::{Deserialize, Serialize};

use crate::errors::Violation;

/// The years that are taken, those of RFC 3339.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// Reads a time of a request; an absent one is none.
pub fn time(field: &str, time: Option<Timestamp>) -> Result<Option<DateTime<Utc>>, Violation> {
    let Some(time) = time else { return Ok(None) };
    let nanos = u32::try_from(time.nanos).ok();
    let moment = nanos.and_then(|nanos| DateTime::from_timestamp(time.seconds, nanos)).filter(known);
    // In the precision of the database.
    let moment = moment.and_then(|moment| DateTime::from_timestamp_micros(moment.timestamp_micros()));
    moment.map(Some).ok_or_else(|| Violation::new(field, "must be a time in the years 1 to 9999"))
}

/// Reads a date such as `2026-11-16`.
pub fn date(field: &str, text: &str) -> Result<NaiveDate, Violation> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| text.len() == 10 && known(date))
        .ok_or_else(|| Violation::new(field, "must be a date such as 2026-11-16"))
}

/// The same, where an empty text is none.
pub fn optional_date(field: &str, text: &str) -> Result<Option<NaiveDate>, Violation> {
    if text.is_empty() { Ok(None) } else { date(field, text).map(Some) }
}

fn known(moment: &impl Datelike) -> bool {
    YEARS.contains(&moment.year())
}

/// A time in a page token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Moment(pub DateTime<Utc>);

impl From<Moment> for i64 {
    fn from(moment: Moment) -> Self {
        moment.0.timestamp_micros()
    }
}

impl TryFrom<i64> for Moment {
    type Error = &'static str;

    fn try_from(micros: i64) -> Result<Self, Self::Error> {
        DateTime::from_timestamp_micros(micros).filter(known).map(Self).ok_or("no such time")
    }
}

/// A date in a page token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct Day(pub NaiveDate);

impl From<Day> for i32 {
    fn from(day: Day) -> Self {
        day.0.num_days_from_ce()
    }
}

impl TryFrom<i32> for Day {
    type Error = &'static str;

    fn try_from(days: i32) -> Result<Self, Self::Error> {
        NaiveDate::from_num_days_from_ce_opt(days).filter(known).map(Self).ok_or("no such date")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_out_of_the_database_s_range_are_refused() {
        for (seconds, nanos) in
            [(i64::MAX, 0), (i64::MIN, 0), (253_402_300_800, 0), (-62_135_596_801, 0), (0, -1)]
        {
            let refused = time("start_time", Some(Timestamp { seconds, nanos })).unwrap_err();
            assert_eq!(refused.field, "start_time", "{seconds}.{nanos}");
        }
        let last = time("start_time", Some(Timestamp { seconds: 253_402_300_799, nanos: 1_999 })).unwrap();
        assert_eq!(last.unwrap().timestamp_subsec_nanos(), 1_000);
        assert_eq!(time("start_time", None).unwrap(), None);
    }

    #[test]
    fn only_dates_of_the_calendar_are_dates() {
        assert_eq!(date("from_date", "2024-02-29").unwrap().to_string(), "2024-02-29");
        for text in ["2023-02-29", "2024-2-29", "0000-01-01", "2024-13-01", "+2024-01-01", " 2024-01-01", ""]
        {
            assert_eq!(date("from_date", text).unwrap_err().field, "from_date", "{text}");
        }
    }

    #[test]
    fn tokens_hold_no_time_that_the_database_does_not_know() {
        let day = Day(NaiveDate::from_ymd_opt(2026, 11, 16).unwrap());
        assert_eq!(Day::try_from(i32::from(day)), Ok(day));
        assert!(Day::try_from(i32::MAX).is_err() && Day::try_from(0).is_err());
        assert!(Moment::try_from(i64::MIN).is_err());
    }
}
