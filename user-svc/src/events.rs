//! Events of other services that this one acts on. One file for each event type says what the event means here.

mod trainer_profile_created;

use chassis::bus::{BusSettings, TopicPlan};
use chassis::database;
use eventbus::{
    ConsumerConfig, DecodeError, Delivery, Envelope, Event as _, EventHandler, Failure, Handler, Outcome,
    dead_letter_topic, one_by_one,
};
use fitness_proto::fitness::user::v1::UserRegistered;
use fitness_proto::fitness::workout::v1::TrainerProfileCreated;
use prost::Name as _;

use crate::accounts::{AccountError, Accounts};

/// The topics this service publishes on.
pub(crate) const PUBLISHED: [&str; 1] = [UserRegistered::TOPIC];

/// The topics this service listens to.
pub(crate) const TOPICS: [&str; 1] = [TrainerProfileCreated::TOPIC];

/// How many events are handed over at once. They are handled one after the other, so more would gain nothing, and all of
/// them have to be through before the partition can change hands and before the handler counts as hung.
const MAX_BATCH: usize = 50;

/// The member of `group` that listens.
pub(crate) fn consumer(group: &str) -> ConsumerConfig {
    ConsumerConfig { max_batch: MAX_BATCH, ..ConsumerConfig::new(group, &TOPICS) }
}

/// The topics that have to exist: of what is told here, of what is listened to, of what the group gives up.
pub(crate) fn topics(kafka: &BusSettings, group: &str) -> TopicPlan {
    let events = kafka.event_topics(PUBLISHED.into_iter().chain(TOPICS));
    events.and(kafka.dead_letter_topics([dead_letter_topic(group).as_str()]))
}

/// Takes events in, one after the other: the few that matter here are rare.
pub(crate) struct Intake(pub(crate) Accounts);

/// Why an event was not handled. The texts go to the dead letters and hold no personal data.
#[derive(Debug, thiserror::Error)]
enum EventError {
    #[error("the event cannot be decoded")]
    Decode(#[from] DecodeError),
    #[error("{0} is missing or malformed")]
    Field(&'static str),
    #[error("the event cannot be handled now")]
    Account(#[from] AccountError),
}

impl Handler for Intake {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        one_by_one(self, batch).await
    }
}

impl EventHandler for Intake {
    async fn take(&self, envelope: &Envelope) -> Result<(), Failure> {
        self.grant(envelope).await.map_err(|error| match error {
            EventError::Account(_) => database::failure(&error, "the event cannot be handled now"),
            EventError::Decode(_) | EventError::Field(_) => Failure::event(&error),
        })
    }
}

impl Intake {
    async fn grant(&self, envelope: &Envelope) -> Result<(), EventError> {
        if envelope.event_type == TrainerProfileCreated::full_name() {
            let event = envelope.decode()?;
            trainer_profile_created::handle(&self.0, envelope.id, envelope.time, &event).await?;
        }
        Ok(())
    }
}
