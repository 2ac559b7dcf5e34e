//! Whether the broker can be reached, for health pages.

use tokio::sync::watch;

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
pub(crate) struct StateReporter {
    client: String,
    sender: watch::Sender<BusState>,
}

impl StateReporter {
    pub(crate) fn new(client: &str) -> Self {
        Self { client: client.to_owned(), sender: watch::Sender::new(BusState::Connecting) }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<BusState> {
        self.sender.subscribe()
    }

    /// Whether a broker is connected; `None` before that is known.
    pub(crate) fn reachable(&self) -> Option<bool> {
        match *self.sender.borrow() {
            BusState::Connecting => None,
            BusState::Up => Some(true),
            BusState::Down(_) => Some(false),
        }
    }

    pub(crate) fn up(&self) {
        let changed = self.sender.send_if_modified(|state| {
            let changed = *state != BusState::Up;
            *state = BusState::Up;
            changed
        });
        if changed {
            tracing::info!(client = self.client, "connected to Kafka");
        }
    }

    pub(crate) fn down(&self, reason: &str) {
        let changed = self.sender.send_if_modified(|state| {
            let changed = !matches!(state, BusState::Down(_));
            if changed {
                *state = BusState::Down(reason.to_owned());
            }
            changed
        });
        if changed {
            tracing::warn!(client = self.client, reason, "no Kafka broker can be reached, trying on");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_errors_are_one_change() {
        let reporter = StateReporter::new("test");
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
}
