//! The circuit breaker of one service.
//!
//! A service that is gone refuses connections, which costs nothing; one that hangs takes calls and never answers, which
//! costs every caller its whole deadline. So the breaker listens to the health check, which goes on whatever happens:
//! a service that fails it gets no calls, and the calls that wait for it are given up. When the check is answered again
//! calls go through on probation: one that cannot be delivered opens the breaker again, one that can closes it.

use std::sync::{Arc, LazyLock};

use chassis::health::{self, Health};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Calls in a row that could not be delivered open the breaker without waiting for the health check.
const MAX_FAILURES: u32 = 3;

static STATE: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    opentelemetry::global::meter("gateway")
        .u64_gauge("gateway.breaker.state")
        .with_unit("{state}")
        .with_description("Circuit breaker of a service behind the gateway: 0 closed, 1 half open, 2 open.")
        .build()
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Calls go through; so many in a row could not be delivered.
    Closed { failures: u32 },
    /// Calls go through on probation.
    HalfOpen,
    /// Calls are refused.
    Open,
}

impl State {
    fn after_health_check(self, passed: bool) -> Self {
        match (self, passed) {
            (_, false) => Self::Open,
            (Self::Open, true) => Self::HalfOpen,
            // Nobody calls: a second check is as good as a call.
            (Self::HalfOpen, true) => Self::Closed { failures: 0 },
            (closed, true) => closed,
        }
    }

    fn after_call(self, delivered: bool) -> Self {
        match (self, delivered) {
            // It was under way before the breaker opened and says nothing of how things are now.
            (Self::Open, _) | (Self::HalfOpen, false) => Self::Open,
            (_, true) => Self::Closed { failures: 0 },
            (Self::Closed { failures }, false) if failures + 1 >= MAX_FAILURES => Self::Open,
            (Self::Closed { failures }, false) => Self::Closed { failures: failures + 1 },
        }
    }
}

/// The breaker of one service; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Breaker {
    service: &'static str,
    state: Arc<watch::Sender<State>>,
}

impl Breaker {
    /// A closed breaker.
    pub(super) fn new(service: &'static str) -> Self {
        let breaker = Self { service, state: Arc::new(watch::Sender::new(State::Closed { failures: 0 })) };
        breaker.report(State::Closed { failures: 0 });
        breaker
    }

    pub(super) fn service(&self) -> &'static str {
        self.service
    }

    pub(super) fn is_open(&self) -> bool {
        *self.state.borrow() == State::Open
    }

    /// Resolves as soon as the breaker is open.
    pub(super) async fn opened(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.state.subscribe().wait_for(|state| *state == State::Open).await;
    }

    /// Learns whether a call reached the service. What the service answered does not matter: a refusal is an answer.
    pub(super) fn called(&self, delivered: bool) {
        if self.change(|state| state.after_call(delivered)) == Some(State::Open) {
            tracing::warn!(service = self.service, "circuit breaker opened: calls are not delivered");
        }
    }

    /// Listens to the health check of the service until `shutdown`.
    pub(super) async fn follow(self, health: Health, shutdown: CancellationToken) {
        let mut reports = health.watch();
        loop {
            let checked = match reports.borrow_and_update().dependencies.get(self.service) {
                Some(status) if status.state == health::State::Up => Some(true),
                Some(health::Status { state: health::State::Down { .. }, .. }) => Some(false),
                _ => None,
            };
            if let Some(passed) = checked {
                // The health check itself logs the outage, and what is only slower to start as less than that.
                if self.change(|state| state.after_health_check(passed)) == Some(State::Open) {
                    tracing::info!(service = self.service, "circuit breaker opened: no health");
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                changed = reports.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Answers the new state if it is another one.
    fn change(&self, next: impl FnOnce(State) -> State) -> Option<State> {
        let mut change = None;
        self.state.send_if_modified(|state| {
            let next = next(*state);
            if next == *state {
                return false;
            }
            change = Some((*state, next));
            *state = next;
            true
        });
        let (before, after) = change?;
        self.report(after);
        if before == State::HalfOpen && after != State::Open {
            tracing::info!(service = self.service, "circuit breaker closed");
        }
        Some(after)
    }

    fn report(&self, state: State) {
        let value = match state {
            State::Closed { .. } => 0,
            State::HalfOpen => 1,
            State::Open => 2,
        };
        STATE.record(value, &[KeyValue::new("upstream", self.service)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: State = State::Closed { failures: 0 };

    #[test]
    fn a_failed_health_check_opens_and_two_passed_ones_close() {
        let open = CLOSED.after_health_check(false);
        assert_eq!(open, State::Open);
        let half_open = open.after_health_check(true);
        assert_eq!(half_open, State::HalfOpen);
        assert_eq!(half_open.after_health_check(false), State::Open);
        assert_eq!(half_open.after_health_check(true), CLOSED);
    }

    #[test]
    fn one_call_decides_on_probation() {
        assert_eq!(State::HalfOpen.after_call(true), CLOSED);
        assert_eq!(State::HalfOpen.after_call(false), State::Open);
    }

    #[test]
    fn undelivered_calls_in_a_row_open_and_a_delivered_one_starts_the_count_again() {
        let twice = CLOSED.after_call(false).after_call(false);
        assert_eq!(twice.after_call(false), State::Open);
        assert_eq!(twice.after_call(true), CLOSED);
    }

    #[test]
    fn a_late_answer_does_not_close_an_open_breaker() {
        assert_eq!(State::Open.after_call(true), State::Open);
    }

    #[tokio::test]
    async fn those_who_wait_learn_of_the_opening() {
        let breaker = Breaker::new("test");
        let waiting = tokio::spawn({
            let breaker = breaker.clone();
            async move { breaker.opened().await }
        });
        for _ in 0..MAX_FAILURES {
            breaker.called(false);
        }
        waiting.await.unwrap();
        assert!(breaker.is_open());
    }
}
