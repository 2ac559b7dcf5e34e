//! Whether the broker can be reached, for health pages.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::Terms;

/// The state of the connection to the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusState {
    /// No connection was made yet.
    Connecting,
    /// At least one broker is connected.
    Up,
    /// No broker can be reached, for the reason given. The client goes on trying.
    Down(String),
}

/// Publishes changes of the state and logs each once, however often a client repeats its errors.
#[derive(Clone, Debug)]
pub struct StateReporter {
    client: String,
    terms: &'static Terms,
    sender: watch::Sender<BusState>,
    failure: Arc<Mutex<Option<String>>>,
    turned_away: Arc<AtomicBool>,
}

impl StateReporter {
    /// For a client that is called so.
    pub fn new(client: &str, terms: &'static Terms) -> Self {
        Self {
            client: client.to_owned(),
            terms,
            sender: watch::Sender::new(BusState::Connecting),
            failure: Arc::default(),
            turned_away: Arc::default(),
        }
    }

    /// The state from now on.
    pub fn subscribe(&self) -> watch::Receiver<BusState> {
        self.sender.subscribe()
    }

    /// Whether a broker is connected; `None` before that is known.
    pub fn reachable(&self) -> Option<bool> {
        match *self.sender.borrow() {
            BusState::Connecting => None,
            BusState::Up => Some(true),
            BusState::Down(_) => Some(false),
        }
    }

    /// A connection stands.
    pub fn up(&self) {
        let changed = self.sender.send_if_modified(|state| {
            let changed = *state != BusState::Up;
            *state = BusState::Up;
            changed
        });
        if changed {
            self.turned_away.store(false, Ordering::Release);
            tracing::info!(client = self.client, "connected to {}", self.terms.name);
        }
    }

    /// Remembers why a connection failed. Others may stand, so this is no state by itself.
    pub fn failed(&self, reason: &str) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }

    /// Why a connection failed last.
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// No connection is left. The reason is the last failure, or `otherwise` where none is known.
    pub fn down(&self, otherwise: &str) {
        let reason = self.failure().unwrap_or_else(|| otherwise.to_owned());
        let changed = self.sender.send_if_modified(|state| {
            let changed = !matches!(state, BusState::Down(_));
            if changed {
                *state = BusState::Down(reason.clone());
            }
            changed
        });
        if changed {
            tracing::warn!(
                client = self.client,
                reason,
                "no {} broker can be reached, trying on",
                self.terms.name
            );
        }
    }

    /// One side did not accept the other's password or certificate. That is worth more than whatever kept the broker
    /// away before, because it does not pass by itself; but while a connection stands, it is one broker's trouble.
    pub fn turned_away(&self, reason: &str) {
        self.failed(reason);
        if self.reachable() == Some(true) || self.turned_away.swap(true, Ordering::AcqRel) {
            return;
        }
        self.sender.send_replace(BusState::Down(reason.to_owned()));
        tracing::error!(
            client = self.client,
            reason,
            "{} and this client do not accept each other",
            self.terms.name
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { name: "Test", system: "test", offset: "test.offset" };

    #[test]
    fn repeated_errors_are_one_change() {
        let reporter = StateReporter::new("test", &TERMS);
        let mut states = reporter.subscribe();
        assert_eq!(*states.borrow_and_update(), BusState::Connecting);
        reporter.down("refused");
        assert!(states.has_changed().unwrap());
        assert_eq!(*states.borrow_and_update(), BusState::Down("refused".to_owned()));
        reporter.down("refused again");
        assert!(!states.has_changed().unwrap());
        reporter.up();
        reporter.up();
        assert_eq!(*states.borrow_and_update(), BusState::Up);
    }

    #[test]
    fn the_reason_is_the_last_failure_and_a_refusal_replaces_it() {
        let reporter = StateReporter::new("test", &TERMS);
        let states = reporter.subscribe();
        reporter.failed("connection refused");
        reporter.down("all brokers are down");
        assert_eq!(*states.borrow(), BusState::Down("connection refused".to_owned()));
        reporter.turned_away("wrong password");
        reporter.turned_away("wrong password, again");
        assert_eq!(*states.borrow(), BusState::Down("wrong password".to_owned()));
        reporter.up();
        reporter.turned_away("one broker of three");
        assert_eq!(*states.borrow(), BusState::Up);
    }
}
