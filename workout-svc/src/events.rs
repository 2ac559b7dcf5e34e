//! Events about accounts. One file for each event type says what the event means here.
//!
//! Every handler is idempotent for events of any age: a broker that forgets has everything published again.

mod intake;
mod user_deleted;
mod user_profile_updated;
mod user_registered;
mod user_roles_changed;

pub use intake::Intake;

use chassis::bus::{BusSettings, TopicPlan};
use chassis::foreign;
use chrono::{DateTime, Utc};
use eventbus::{ConsumerConfig, DecodeError, Envelope, Event as _, dead_letter_topic};
use fitness_proto::fitness::user::v1::{UserDeleted, UserProfileUpdated, UserRegistered, UserRolesChanged};
use fitness_proto::fitness::workout::v1::AthleteProfileCreated;
use prost::Name as _;
use prost_types::Timestamp;
use uuid::Uuid;

use crate::model::athlete::Profile;
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
pub(crate) fn topics(kafka: &BusSettings, group: &str) -> TopicPlan {
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
    foreign::moment(time).ok_or(EventError::Field(field))
}

/// The longest name, language or zone that is kept, several times what an account may have.
const MAX_TEXT: usize = 1024;

/// What people see of an account, as an event says it at `time`.
fn profile(
    user_id: &str,
    texts: [(&'static str, String); 3],
    time: DateTime<Utc>,
) -> Result<Profile, EventError> {
    let user_id = self::user_id(user_id)?;
    if let Some((field, _)) = texts.iter().find(|(_, text)| !foreign::is_storable(text, MAX_TEXT)) {
        return Err(EventError::Field(field));
    }
    let [display_name, locale, time_zone] = texts.map(|(_, text)| text);
    Ok(Profile { user_id, display_name, locale, time_zone, time })
}
