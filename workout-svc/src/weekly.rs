//! The weekly summary: on Monday morning an athlete reads what the week came to, and a trainer what athletes did.

mod summarise;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use crate::model::progress::Period;
use crate::model::schedule::{Schedule, Weekdays};

/// When summaries are due in a time zone: on Mondays at eight in the morning.
pub(crate) fn mondays(time_zone: Tz) -> Schedule {
    let time_of_day = NaiveTime::from_hms_opt(8, 0, 0).expect("eight is an hour of the day");
    Schedule { time_of_day, weekdays: Weekdays::of([Weekday::Mon]), time_zone, skip_dates: Vec::new() }
}

/// The week that is over at a moment, Monday to Sunday.
fn week_before(moment: DateTime<Utc>, time_zone: Tz) -> Period {
    let monday = moment.with_timezone(&time_zone).date_naive().week(Weekday::Mon).first_day();
    Period { from: monday - TimeDelta::days(7), to: monday - TimeDelta::days(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_summary_comes_on_monday_morning_where_the_athlete_is() {
        let after = utc("2026-11-18T12:00:00Z");
        let due = |zone| mondays(zone).next_after(after).unwrap();
        assert_eq!(due(chrono_tz::Europe::Berlin), utc("2026-11-23T07:00:00Z"));
        assert_eq!(due(chrono_tz::America::New_York), utc("2026-11-23T13:00:00Z"));
        assert_eq!(due(chrono_tz::Asia::Kolkata), utc("2026-11-23T02:30:00Z"));
    }

    #[test]
    fn it_is_about_the_week_before() {
        let week = week_before(utc("2026-11-23T07:00:00Z"), chrono_tz::Europe::Berlin);
        assert_eq!((week.from.to_string(), week.to.to_string()), ("2026-11-16".into(), "2026-11-22".into()));
        // In Kiritimati it is Monday already.
        let week = week_before(utc("2026-11-22T18:00:00Z"), chrono_tz::Pacific::Kiritimati);
        assert_eq!(week.from.to_string(), "2026-11-16");
    }
}
