//! Events about accounts. One file for each event type says what the event means here.
//!
//! Every handler is idempotent for events of any age: a broker that forgets has everything published again.

mod intake;
mod user_deleted;
mod user_profile_updated;
mod user_registered;
mod user_roles_changed;

pub use intake::Intake;

use chassis::kafka::{KafkaSettings, TopicPlan};
use chrono::{DateTime, Utc};
use eventbus::{ConsumerConfig, DecodeError, Envelope, Event as _, dead_letter_topic};
use fitness_proto::fitness::user::v1::{UserDeleted, UserProfileUpdated, UserRegistered, UserRolesChanged};
use fitness_proto::fitness::workout::v1::AthleteProfileCreated;
use prost::Name as _;
use prost_types::Timestamp;
use uuid::Uuid;

use crate::training::{Training, TrainingError};

/// The topics this service publishes on.
pub(crate) const PUBLISHED: [&str; 1] = [AthleteProfileCreated::TOPIC];

/// The topics this service listens to.
pub const TOPICS: [&str; 1] = [UserRegistered::TOPIC];

/// How many events are handed over at once. They are handled one after the other, so more would gain nothing, and all of
/// them have to be through before the partition can change hands and before the handler counts as hung.
const MAX_BATCH: usize = 50;

/// The member of `group` that listens.
pub(crate) fn consumer(group: &str) -> ConsumerConfig {
    ConsumerConfig { max_batch: MAX_BATCH, ..ConsumerConfig::new(group, &TOPICS) }
}

/// The topics that have to exist: of what is told here, of what is listened to, of what the group gives up.
pub(crate) fn topics(kafka: &KafkaSettings, group: &str) -> TopicPlan {
    let events = kafka.event_topics(PUBLISHED.into_iter().chain(TOPICS));
    events.and(kafka.dead_letter_topics([dead_letter_topic(group).as_str()]))
}

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    /// It can never be handled. The texts go to the dead letters and hold no personal data.
    #[error("the event cannot be decoded")]
    Decode(#[from] DecodeError),
    /// It can never be handled either.
    #[error("{0} is missing or malformed")]
    Field(&'static str),
    /// It may be handled later.
    #[error("the event could not be handled")]
    Training(#[from] TrainingError),
}

/// Handles an event; one of a type that means nothing here is left alone.
async fn handle(training: &Training, envelope: &Envelope) -> Result<(), EventError> {
    let name = envelope.event_type.as_str();
    if name == UserRegistered::full_name() {
        user_registered::handle(training, envelope.decode()?).await
    } else if name == UserProfileUpdated::full_name() {
        user_profile_updated::handle(training, envelope.decode()?).await
    } else if name == UserRolesChanged::full_name() {
        user_roles_changed::handle(training, &envelope.decode()?).await
    } else if name == UserDeleted::full_name() {
        user_deleted::handle(training, &envelope.decode()?).await
    } else {
        Ok(())
    }
}

fn user_id(text: &str) -> Result<Uuid, EventError> {
    text.parse().map_err(|_| EventError::Field("user_id"))
}

fn time(time: Option<Timestamp>, field: &'static str) -> Result<DateTime<Utc>, EventError> {
    time.and_then(|time| DateTime::from_timestamp(time.seconds, time.nanos.try_into().ok()?))
        .ok_or(EventError::Field(field))
}
