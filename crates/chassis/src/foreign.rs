//! What others wrote, at the border: bounds that hold for every event before anything of it is kept.

use chrono::{DateTime, Utc};
use prost_types::Timestamp;

/// The last second of 9998 in Unix time: whatever is counted on from a time until then can still be told.
const LAST_SECOND: i64 = 253_370_764_799;

/// Whether a text can be stored and shown: without U+0000, and of at most `max_bytes`.
pub fn is_storable(text: &str, max_bytes: usize) -> bool {
    text.len() <= max_bytes && !text.contains('\0')
}

/// The moment that a message names; `None` if it names none, or one before 1970 or after 9998.
pub fn moment(time: Option<Timestamp>) -> Option<DateTime<Utc>> {
    let time = time.filter(|time| (0..=LAST_SECOND).contains(&time.seconds))?;
    DateTime::from_timestamp(time.seconds, time.nanos.try_into().ok().filter(|nanos| *nanos < 1_000_000_000)?)
}

/// The text without control characters and cut off behind `max_chars`: for what is shown and may be anything.
pub fn presentable(text: &str, max_chars: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, nanos: i32) -> Option<DateTime<Utc>> {
        moment(Some(Timestamp { seconds, nanos }))
    }

    #[test]
    fn a_moment_can_be_stored_counted_on_and_told() {
        for seconds in [0, 1_790_000_000, LAST_SECOND] {
            assert_eq!(at(seconds, 0).unwrap().timestamp(), seconds);
        }
        for (seconds, nanos) in
            [(-1, 0), (LAST_SECOND + 1, 0), (i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)]
        {
            assert_eq!(at(seconds, nanos), None, "{seconds} {nanos}");
        }
        assert_eq!(moment(None), None);
    }

    #[test]
    fn texts_are_bounded_in_bytes_and_cleaned_by_characters() {
        assert!(is_storable("name", 4) && !is_storable("names", 4) && !is_storable("a\0", 4));
        assert_eq!(presentable("a\0b\u{1b}цd", 3), "abц");
    }
}
