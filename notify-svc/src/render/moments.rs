//! Times as the recipient reads them: by the clock and the calendar where they live, in their language.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::Locale;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// In the case that follows a day.
const RUSSIAN_MONTHS: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

/// The time of day where the recipient lives, with the offset that makes it unmistakable: `14:32 (UTC+3)`.
pub(super) fn clock_time(time: DateTime<Utc>, time_zone: &str) -> String {
    let local = local(time, time_zone);
    let minutes = local.offset().fix().local_minus_utc() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let offset = match (hours, rest) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    };
    format!("{} ({offset})", local.format("%H:%M"))
}

/// The day where the recipient lives: `21 September 2026`.
pub(super) fn day(time: DateTime<Utc>, time_zone: &str, locale: Locale) -> String {
    let local = local(time, time_zone).date_naive();
    format!("{} {}", day_and_month(local, locale), year(local, locale))
}

/// The seven days from `start`, with nothing said twice: `16–22 November 2026`.
pub(super) fn week(start: NaiveDate, locale: Locale) -> String {
    let end = start.checked_add_days(Days::new(6)).unwrap_or(start);
    let last = format!("{} {}", day_and_month(end, locale), year(end, locale));
    if start.year() != end.year() {
        format!("{} {} – {last}", day_and_month(start, locale), year(start, locale))
    } else if start.month() != end.month() {
        format!("{} – {last}", day_and_month(start, locale))
    } else {
        format!("{}–{last}", start.day())
    }
}

/// The time where the recipient lives; at the ends of what a calendar can say, the time in UTC.
fn local(time: DateTime<Utc>, time_zone: &str) -> DateTime<Tz> {
    let day = TimeDelta::days(1);
    let has_room = time.checked_add_signed(day).and(time.checked_sub_signed(day)).is_some();
    let zone = if has_room { zone(time_zone) } else { Tz::UTC };
    zone.from_utc_datetime(&time.naive_utc())
}

fn zone(time_zone: &str) -> Tz {
    time_zone.parse().unwrap_or(Tz::UTC)
}

fn day_and_month(date: NaiveDate, locale: Locale) -> String {
    let months = match locale {
        Locale::English => MONTHS,
        Locale::Russian => RUSSIAN_MONTHS,
    };
    format!("{} {}", date.day(), months[date.month0() as usize])
}

fn year(date: NaiveDate, locale: Locale) -> String {
    match locale {
        Locale::English => date.year().to_string(),
        Locale::Russian => format!("{} г.", date.year()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_recipient_and_name_their_offset() {
        let time = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        assert_eq!(clock_time(time, "UTC"), "14:13 (UTC)");
        assert_eq!(clock_time(time, "Europe/Moscow"), "17:13 (UTC+3)");
        assert_eq!(clock_time(time, "America/St_Johns"), "11:43 (UTC-2:30)");
        assert_eq!(clock_time(time, "Asia/Kathmandu"), "19:58 (UTC+5:45)");
        assert_eq!(clock_time(time, "Middle/Earth"), "14:13 (UTC)");
    }

    #[test]
    fn days_are_those_of_the_recipient() {
        let late: DateTime<Utc> = "2026-05-31T22:30:00Z".parse().unwrap();
        assert_eq!(day(late, "UTC", Locale::English), "31 May 2026");
        assert_eq!(day(late, "Europe/Moscow", Locale::Russian), "1 июня 2026 г.");
    }

    #[test]
    fn the_ends_of_the_calendar_are_told_in_utc() {
        for time in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            for zone in ["Europe/Moscow", "America/St_Johns"] {
                assert!(clock_time(time, zone).ends_with("(UTC)"));
                assert!(!day(time, zone, Locale::English).is_empty());
            }
        }
    }

    #[test]
    fn weeks_say_nothing_twice() {
        let week = |start: &str, locale| week(start.parse().unwrap(), locale);
        assert_eq!(week("2026-11-16", Locale::English), "16–22 November 2026");
        assert_eq!(week("2026-11-30", Locale::English), "30 November – 6 December 2026");
        assert_eq!(week("2026-12-28", Locale::English), "28 December 2026 – 3 January 2027");
        assert_eq!(week("2026-12-28", Locale::Russian), "28 декабря 2026 г. – 3 января 2027 г.");
    }
}
