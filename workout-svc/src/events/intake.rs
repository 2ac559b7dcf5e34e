//! Takes events in, each in a transaction of its own.

use chassis::database;
use eventbus::{Delivery, Envelope, EventHandler, Failure, Handler, Outcome, one_by_one};

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
        EventHandler::take(self, envelope).await.into()
    }
}

impl EventHandler for Intake {
    async fn take(&self, envelope: &Envelope) -> Result<(), Failure> {
        handle(&self.0, envelope).await.map_err(|error| match error {
            EventError::Training(_) => database::failure(&error, "the event cannot be taken in now"),
            EventError::Decode(_) | EventError::Field(_) => Failure::event(&error),
        })
    }
}

impl Handler for Intake {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        one_by_one(self, batch).await
    }
}
