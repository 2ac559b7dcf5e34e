use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::{Schedule, Weekdays};

/// What the schedule has to answer, found by walking through all minutes of a period and looking at the clock.
///
/// An occurrence is the first minute at which the clock has reached the wanted time of a day that exists.
fn minute_by_minute(schedule: &Schedule, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let clock = |moment: DateTime<Utc>| moment.with_timezone(&schedule.time_zone).naive_local();
    let wanted =
        |date: NaiveDate| schedule.weekdays.contains(date.weekday()) && !schedule.skip_dates.contains(&date);
    // Two days before, for days that began before the period.
    let mut moment = from - TimeDelta::days(2);
    let mut waiting: Option<NaiveDateTime> = None;
    let mut seen = clock(moment).date();
    let mut found = Vec::new();
    while moment <= to {
        let shown = clock(moment);
        if shown.date() > seen {
            seen = shown.date();
            // What a gap over midnight swallowed comes at its end, in the same minute in which the next day begins.
            if waiting.take().is_some() && moment > from {
                found.push(moment);
            }
            waiting = wanted(seen).then(|| seen.and_time(schedule.time_of_day));
        }
        if waiting.is_some_and(|time| shown >= time) {
            waiting = None;
            if moment > from {
                found.push(moment);
            }
        }
        moment += TimeDelta::minutes(1);
    }
    found
}

fn occurrences(schedule: &Schedule, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let all = std::iter::successors(schedule.next_after(from), |moment| schedule.next_after(*moment));
    all.take_while(|moment| *moment <= to).collect()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("the text is a time")
}

fn daily(time_zone: Tz, hour: u32, minute: u32) -> Schedule {
    let time_of_day = NaiveTime::from_hms_opt(hour, minute, 0).expect("it is a time of day");
    Schedule { time_of_day, weekdays: Weekdays::ALL, time_zone, skip_dates: Vec::new() }
}

#[test]
fn a_time_that_clocks_skip_comes_at_the_end_of_the_gap() {
    let berlin = daily(chrono_tz::Europe::Berlin, 2, 30);
    assert_eq!(berlin.next_after(utc("2026-03-28T12:00:00Z")), Some(utc("2026-03-29T01:00:00Z")));
    assert_eq!(berlin.next_after(utc("2026-03-29T01:00:00Z")), Some(utc("2026-03-30T00:30:00Z")));
    // Half an hour is skipped on Lord Howe Island.
    let lord_howe = daily(chrono_tz::Australia::Lord_Howe, 2, 10);
    assert_eq!(lord_howe.next_after(utc("2026-10-03T10:00:00Z")), Some(utc("2026-10-03T15:30:00Z")));
}

#[test]
fn a_time_that_clocks_show_twice_comes_once_and_first() {
    let new_york = daily(chrono_tz::America::New_York, 1, 30);
    assert_eq!(new_york.next_after(utc("2026-10-31T12:00:00Z")), Some(utc("2026-11-01T05:30:00Z")));
    assert_eq!(new_york.next_after(utc("2026-11-01T05:30:00Z")), Some(utc("2026-11-02T06:30:00Z")));
    // A reminder that is set between the two waits for the next day.
    assert_eq!(new_york.next_after(utc("2026-11-01T06:00:00Z")), Some(utc("2026-11-02T06:30:00Z")));
}

#[test]
fn a_day_that_a_zone_left_out_has_no_occurrence() {
    // Samoa went from the 29th to the 31st of December 2011.
    let apia = daily(chrono_tz::Pacific::Apia, 18, 0);
    let days: Vec<_> = occurrences(&apia, utc("2011-12-29T12:00:00Z"), utc("2012-01-01T12:00:00Z"))
        .into_iter()
        .map(|moment| moment.with_timezone(&chrono_tz::Pacific::Apia).day())
        .collect();
    assert_eq!(days, [29, 31, 1]);
}

#[test]
fn skipped_days_are_left_out_and_nothing_else_is_left_if_all_are() {
    let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("it is a date");
    let skipping = Schedule { skip_dates: vec![day(21), day(22)], ..daily(chrono_tz::UTC, 8, 0) };
    assert_eq!(skipping.next_after(utc("2026-11-20T09:00:00Z")), Some(utc("2026-11-23T08:00:00Z")));
    let sundays = Schedule {
        weekdays: Weekdays::of([Weekday::Sun]),
        skip_dates: (0..60).map(|week| day(22) + TimeDelta::weeks(week)).collect(),
        ..daily(chrono_tz::UTC, 8, 0)
    };
    assert_eq!(sundays.next_after(utc("2026-11-20T09:00:00Z")), None);
}

#[test]
fn after_an_outage_the_newest_missed_occurrence_is_found() {
    let daily = daily(chrono_tz::Europe::Berlin, 18, 30);
    let due = utc("2026-06-01T16:30:00Z");
    assert_eq!(daily.newest_up_to(due, due), due);
    assert_eq!(daily.newest_up_to(due, utc("2026-06-04T16:29:59Z")), utc("2026-06-03T16:30:00Z"));
    assert_eq!(daily.newest_up_to(due, utc("2026-06-04T16:30:00Z")), utc("2026-06-04T16:30:00Z"));
}

fn zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        chrono_tz::Europe::Berlin,
        chrono_tz::America::New_York,
        chrono_tz::Asia::Kolkata,
        chrono_tz::Australia::Lord_Howe,
        // Clocks change at midnight here, so that the gap begins the day or spans two.
        chrono_tz::America::Santiago,
        chrono_tz::Africa::Cairo,
        chrono_tz::America::Nuuk,
    ])
}

fn schedule() -> impl Strategy<Value = Schedule> {
    // Half of the times are at night, where clocks are changed.
    let minute = prop_oneof![0_u32..24 * 60, 0_u32..4 * 60];
    (zone(), minute, 0_u8..128, prop::collection::vec(0_i64..365, 0..10)).prop_map(
        |(time_zone, minute, days, skipped)| {
            let first = NaiveDate::from_ymd_opt(2026, 1, 1).expect("it is a date");
            let days = (0..7_u8).filter(|bit| days & 1 << bit != 0);
            Schedule {
                weekdays: Weekdays::of(days.filter_map(|day| Weekday::try_from(day).ok())),
                skip_dates: skipped.into_iter().map(|day| first + TimeDelta::days(day)).collect(),
                ..daily(time_zone, minute / 60, minute % 60)
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_year_of_occurrences_is_what_a_look_at_the_clock_in_every_minute_finds(schedule in schedule()) {
        let (from, to) = (utc("2026-01-05T00:00:00Z"), utc("2027-01-05T00:00:00Z"));
        prop_assert_eq!(occurrences(&schedule, from, to), minute_by_minute(&schedule, from, to));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_next_occurrence_does_not_depend_on_where_one_looks_from(
        schedule in schedule(), start in 0_i64..365 * 24 * 60,
    ) {
        let moment = utc("2026-01-05T00:00:00Z") + TimeDelta::minutes(start);
        let next = schedule.next_after(moment);
        prop_assert_eq!(next, minute_by_minute(&schedule, moment, moment + TimeDelta::days(30)).first().copied().or(next));
        if let Some(next) = next {
            prop_assert!(next > moment);
            prop_assert_eq!(schedule.next_after(next - TimeDelta::seconds(1)), Some(next));
        }
    }
}
