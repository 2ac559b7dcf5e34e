//! When a mail that could not be delivered is tried again.

use std::time::Duration;

use crate::notification::Category;

/// Codes and links: somebody waits, and after the last step the expiry ends it.
const ONE_TIME_CODE: [Duration; 3] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(45)];

/// Everything else: outlives an outage of more than a day, unless its own time is over before.
const PATIENT: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(6),
    Duration::from_hours(12),
    Duration::from_hours(24),
];

/// How far a pause may be moved either way, so that mails deferred together do not return together.
const JITTER: f64 = 0.2;

/// The pause after the given number of failed attempts, or `None` when the mail is to be given up.
///
/// `random` is uniform in 0..1; it moves the pause within ±20 %.
pub fn pause_after(category: Category, failed_attempts: u32, random: f64) -> Option<Duration> {
    let step = failed_attempts.saturating_sub(1) as usize;
    let pause = match category {
        Category::OneTimeCode => ONE_TIME_CODE[step.min(ONE_TIME_CODE.len() - 1)],
        _ => *PATIENT.get(step)?,
    };
    Some(pause.mul_f64(1.0 - JITTER + 2.0 * JITTER * random))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_jitter_the_pauses_are_those_of_the_design() {
        let seconds = |category, attempt| pause_after(category, attempt, 0.5).map(|pause| pause.as_secs());
        let codes: Vec<_> = (1..=5).map(|attempt| seconds(Category::OneTimeCode, attempt)).collect();
        assert_eq!(codes, [Some(5), Some(15), Some(45), Some(45), Some(45)]);
        let others: Vec<_> = (1..=10).map(|attempt| seconds(Category::Account, attempt)).collect();
        let hour = 3600;
        assert_eq!(
            others,
            [
                Some(5),
                Some(30),
                Some(120),
                Some(600),
                Some(hour),
                Some(3 * hour),
                Some(6 * hour),
                Some(12 * hour),
                Some(24 * hour),
                None
            ]
        );
    }

    fn category() -> impl Strategy<Value = Category> {
        prop::sample::select(Category::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn jitter_moves_a_pause_by_a_fifth_at_most(category in category(), attempt in 1_u32..200, random in 0.0..1.0) {
            let (middle, moved) = (pause_after(category, attempt, 0.5), pause_after(category, attempt, random));
            prop_assert_eq!(middle.is_some(), moved.is_some());
            if let (Some(middle), Some(moved)) = (middle, moved) {
                let ratio = moved.as_secs_f64() / middle.as_secs_f64();
                prop_assert!((0.799..=1.201).contains(&ratio), "moved by {ratio}");
            }
        }

        #[test]
        fn pauses_never_get_shorter_from_step_to_step(category in category(), attempt in 1_u32..200) {
            if let (Some(this), Some(next)) = (pause_after(category, attempt, 0.5), pause_after(category, attempt + 1, 0.5)) {
                prop_assert!(this <= next);
            }
        }

        #[test]
        fn what_was_given_up_stays_given_up(category in category(), attempt in 1_u32..200, random in 0.0..1.0) {
            if pause_after(category, attempt, random).is_none() {
                prop_assert!(pause_after(category, attempt + 1, random).is_none());
            }
        }
    }
}
