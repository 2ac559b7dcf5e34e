//! Takes events in, each in a transaction of its own.

use chassis::database;
use chassis::lifecycle::chain;
use eventbus::{Delivery, Envelope, Handler, Outcome};
use tracing::Instrument as _;

use super::{EventError, handle};
use crate::training::Training;

/// Takes events in.
pub struct Intake(Training);

impl Intake {
    /// An intake into the training of people.
    pub fn new(training: Training) -> Self {
        Self(training)
    }

    /// Handles an event and answers what became of it.
    pub async fn take(&self, envelope: &Envelope) -> Outcome {
        match handle(&self.0, envelope).await {
            Ok(()) => Outcome::Done,
            Err(EventError::Training(error)) => database::outcome(&error, "the event cannot be taken in now"),
            Err(error) => Outcome::Reject(chain(&error)),
        }
    }
}

impl Handler for Intake {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for delivery in batch {
            outcomes.push(self.take(&delivery.envelope).instrument(delivery.span().clone()).await);
        }
        outcomes
    }
}
