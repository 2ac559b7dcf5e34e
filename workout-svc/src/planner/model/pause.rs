//! Leaves a model alone that was away, so that not every caller waits for it in vain.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When the model may be asked again.
#[derive(Debug)]
pub(super) struct Pause {
    length: Duration,
    until: Mutex<Option<Instant>>,
}

impl Pause {
    pub(super) fn new(length: Duration) -> Self {
        Self { length, until: Mutex::default() }
    }

    pub(super) fn begin(&self, now: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = now.checked_add(self.length);
    }

    pub(super) fn lasts(&self, now: Instant) -> bool {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_begins_with_an_outage_and_ends_by_itself() {
        let pause = Pause::new(Duration::from_secs(30));
        let now = Instant::now();
        assert!(!pause.lasts(now));
        pause.begin(now);
        assert!(pause.lasts(now + Duration::from_secs(29)));
        assert!(!pause.lasts(now + Duration::from_secs(30)));
    }
}
