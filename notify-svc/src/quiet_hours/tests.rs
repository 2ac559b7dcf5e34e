use proptest::prelude::*;

use super::*;

/// Zones that change their clocks by an hour, by half an hour, in the other half of the year, on other days, never.
const ZONES: [Tz; 10] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::Europe__Moscow,
    Tz::America__New_York,
    Tz::America__St_Johns,
    Tz::Asia__Kolkata,
    Tz::Asia__Kathmandu,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Africa__Cairo,
];

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn quiet(start: &str, end: &str) -> QuietHours {
    QuietHours { enabled: true, start: time(start), end: time(end) }
}

/// The end of the quiet by the clock on the wall.
fn end(hours: QuietHours, zone: Tz, now: &str) -> Option<String> {
    let now: DateTime<Utc> = now.parse().unwrap();
    hours.end_after(now, zone).map(|end| zone.from_utc_datetime(&end.naive_utc()).to_rfc3339())
}

#[test]
fn the_quiet_of_an_evening_ends_in_the_next_morning() {
    let night = quiet("22:00:00", "07:00:00");
    let berlin = |now| end(night, Tz::Europe__Berlin, now);
    assert_eq!(berlin("2026-01-10T20:59:59Z"), None);
    assert_eq!(berlin("2026-01-10T21:00:00Z").unwrap(), "2026-01-11T07:00:00+01:00");
    assert_eq!(berlin("2026-01-11T05:59:59Z").unwrap(), "2026-01-11T07:00:00+01:00");
    assert_eq!(berlin("2026-01-11T06:00:00Z"), None);
}

#[test]
fn the_quiet_of_a_noon_ends_on_its_day() {
    let noon = quiet("12:00:00", "13:30:00");
    let kolkata = |now| end(noon, Tz::Asia__Kolkata, now);
    assert_eq!(kolkata("2026-01-10T06:29:00Z"), None);
    assert_eq!(kolkata("2026-01-10T07:00:00Z").unwrap(), "2026-01-10T13:30:00+05:30");
    assert_eq!(kolkata("2026-01-10T08:00:00Z"), None);
}

#[test]
fn nights_with_a_change_of_the_clock_end_when_the_wall_says_so() {
    let night = quiet("22:00:00", "07:00:00");
    let berlin = |now| end(night, Tz::Europe__Berlin, now).unwrap();
    assert_eq!(berlin("2026-03-28T22:00:00Z"), "2026-03-29T07:00:00+02:00");
    assert_eq!(berlin("2026-10-24T22:00:00Z"), "2026-10-25T07:00:00+01:00");
    // The end is in the hour that the clock jumps over.
    let short = quiet("22:00:00", "02:30:00");
    assert_eq!(end(short, Tz::Europe__Berlin, "2026-03-28T22:00:00Z").unwrap(), "2026-03-29T03:00:00+02:00");
    // The end comes twice; the first time counts.
    assert_eq!(end(short, Tz::Europe__Berlin, "2026-10-24T22:00:00Z").unwrap(), "2026-10-25T02:30:00+02:00");
}

#[test]
fn without_quiet_hours_it_is_never_quiet() {
    let off = QuietHours { enabled: false, ..quiet("00:00:00", "23:59:00") };
    assert_eq!(end(off, Tz::UTC, "2026-01-10T12:00:00Z"), None);
    assert_eq!(end(quiet("08:00:00", "08:00:00"), Tz::UTC, "2026-01-10T08:00:00Z"), None);
}

fn minute_of_day() -> impl Strategy<Value = NaiveTime> {
    (0_u32..24, 0_u32..60).prop_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
}

/// A moment near which the clock of some of the zones is changed, or any moment.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let changes = [
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:30:00Z",
        "2026-04-23T22:00:00Z",
        "2026-10-29T21:00:00Z",
    ];
    let near = (prop::sample::select(changes.to_vec()), -36 * 3600_i64..36 * 3600)
        .prop_map(|(change, seconds)| change.parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds));
    let any = (1_700_000_000_i64..1_900_000_000).prop_map(|at| DateTime::from_timestamp(at, 0).unwrap());
    prop_oneof![3 => near, 1 => any]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The end is the first minute that is not quiet, by a clock that is read minute by minute.
    #[test]
    fn the_end_is_the_first_minute_that_is_not_quiet(
        zone in prop::sample::select(ZONES.to_vec()),
        start in minute_of_day(),
        end in minute_of_day(),
        now in moment(),
    ) {
        let hours = QuietHours { enabled: true, start, end };
        let is_quiet = |time: DateTime<Utc>| {
            let wall = time.with_timezone(&zone).format("%H:%M").to_string();
            let (start, end) = (start.format("%H:%M").to_string(), end.format("%H:%M").to_string());
            if start <= end { start <= wall && wall < end } else { wall >= start || wall < end }
        };
        match hours.end_after(now, zone) {
            None => prop_assert!(!is_quiet(now)),
            Some(over) => {
                prop_assert!(is_quiet(now) && over > now && !is_quiet(over));
                let mut time = now;
                while time < over {
                    prop_assert!(is_quiet(time), "{time} is not quiet and before {over}");
                    time += TimeDelta::minutes(1);
                }
            }
        }
    }
}
