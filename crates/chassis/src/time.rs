//! The time as an argument, so that tests can set it, and as answers say it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use prost_types::Timestamp;

/// What a timestamp can say, in Unix time: the years 1 to 9999.
const SAYABLE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The moment in protobuf. One that a timestamp cannot say is told as the nearest that it can: a row may hold more than
/// an answer, and may not cost it.
pub fn timestamp(time: DateTime<Utc>) -> Timestamp {
    let seconds = time.timestamp().clamp(*SAYABLE.start(), *SAYABLE.end());
    // In a leap second the count goes on behind the second.
    let nanos = time.timestamp_subsec_nanos().min(999_999_999);
    Timestamp { seconds, nanos: nanos.cast_signed() }
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that others are given")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until it is moved; clones share the time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// Stands at `now`.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves on by `step`.
    pub fn advance(&self, step: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += step;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_as_it_is_or_as_the_nearest_that_can_be() {
        let told = |time: DateTime<Utc>| timestamp(time).to_string();
        assert_eq!(told("2026-11-29T08:00:00.5Z".parse().unwrap()), "2026-11-29T08:00:00.500Z");
        assert!(told(DateTime::<Utc>::MAX_UTC).starts_with("9999-12-31T23:59:59"));
        assert!(told(DateTime::<Utc>::MIN_UTC).starts_with("0001-01-01T00:00:00"));
        let leap = DateTime::from_timestamp(1_483_228_799, 1_500_000_000).unwrap();
        assert_eq!(timestamp(leap).nanos, 999_999_999);
    }
}
