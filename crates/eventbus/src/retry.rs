//! How long to wait before the next attempt.

use std::time::Duration;

/// Exponential back-off with jitter.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The delay after the first attempt; it doubles with each further one.
    pub initial: Duration,
    /// The longest delay.
    pub max: Duration,
    /// After this many attempts a record goes to the dead letters; `None` tries for ever.
    pub max_attempts: Option<u32>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { initial: Duration::from_millis(100), max: Duration::from_secs(30), max_attempts: None }
    }
}

impl RetryPolicy {
    /// The delay after attempt number `attempt`, counted from 1; `jitter` from 0 to 1 moves it by up to ±20 %.
    pub fn delay(&self, attempt: u32, jitter: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let delay = self.initial.saturating_mul(1 << doublings).min(self.max);
        delay.mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0))
    }

    /// Whether a record that failed `attempt` times is given up.
    pub fn exhausted(&self, attempt: u32) -> bool {
        self.max_attempts.is_some_and(|max| attempt >= max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let policy = RetryPolicy {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(1),
            max_attempts: Some(3),
        };
        let delays: Vec<_> = (1..=6).map(|attempt| policy.delay(attempt, 0.5).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1000, 1000]);
        assert!(!policy.exhausted(2) && policy.exhausted(3));
    }

    proptest! {
        #[test]
        fn jitter_moves_a_delay_by_a_fifth_at_most(attempt in 0u32..=u32::MAX, jitter in -1.0f64..2.0) {
            let policy = RetryPolicy::default();
            let (middle, delay) = (policy.delay(attempt, 0.5), policy.delay(attempt, jitter));
            prop_assert!(delay >= middle.mul_f64(0.799) && delay <= middle.mul_f64(1.201));
        }
    }
}
