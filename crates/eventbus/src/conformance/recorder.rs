//! A handler that remembers what it saw.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::LIMIT;
use crate::{Delivery, Handler, Outcome, Position, TraceContext};

#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) key: String,
    pub(super) number: usize,
    pub(super) attempt: u32,
    pub(super) position: Position,
    pub(super) trace: TraceContext,
    pub(super) outcome: Outcome,
}

type Decide = dyn Fn(&Delivery) -> Outcome + Send + Sync;

/// Remembers every delivery and answers as it is told to.
#[derive(Clone)]
pub(super) struct Recorder {
    decide: Arc<Decide>,
    seen: Arc<Mutex<Vec<Seen>>>,
    changed: watch::Sender<()>,
}

impl Recorder {
    pub(super) fn new(decide: impl Fn(&Delivery) -> Outcome + Send + Sync + 'static) -> Self {
        Self { decide: Arc::new(decide), seen: Arc::default(), changed: watch::Sender::new(()) }
    }

    pub(super) fn accepting() -> Self {
        Self::new(|_| Outcome::Done)
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn numbers(&self) -> Vec<usize> {
        self.seen().iter().map(|seen| seen.number).collect()
    }

    /// The numbers that were answered with `Done`, by key, in the order of the answers.
    pub(super) fn done_by_key(&self) -> HashMap<String, Vec<usize>> {
        let mut keys: HashMap<String, Vec<usize>> = HashMap::new();
        for seen in self.seen().iter().filter(|seen| seen.outcome == Outcome::Done) {
            keys.entry(seen.key.clone()).or_default().push(seen.number);
        }
        keys
    }

    pub(super) async fn wait_for(&self, what: &str, reached: impl Fn(&[Seen]) -> bool) {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while !reached(&self.seen()) {
                changed.changed().await.expect("the recorder holds a sender");
            }
        };
        let reached = tokio::time::timeout(LIMIT, waiting).await;
        assert!(reached.is_ok(), "waited in vain for {what}; {} deliveries were seen", self.seen().len());
    }
}

impl Handler for Recorder {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for delivery in batch {
            let outcome = (self.decide)(delivery);
            self.seen().push(Seen {
                key: delivery.envelope.key.clone(),
                number: number(delivery),
                attempt: delivery.attempt,
                position: delivery.position,
                trace: delivery.trace(),
                outcome: outcome.clone(),
            });
            outcomes.push(outcome);
        }
        self.changed.send_replace(());
        outcomes
    }
}

pub(super) fn number(delivery: &Delivery) -> usize {
    let text = std::str::from_utf8(&delivery.envelope.payload).expect("the payload is a number");
    text.parse().expect("the payload is a number")
}

/// Both see every delivery; the first one decides.
impl Handler for (Recorder, Recorder) {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let outcomes = self.0.handle(batch).await;
        self.1.handle(batch).await;
        outcomes
    }
}
