//! From events to ledger rows. One file for each event type says what the event means here.

mod achievement_unlocked;
mod bounds;
mod email_verified;
mod intake;
mod mail_requested;
mod one_time_code_issued;
mod password_changed;
mod password_reset_requested;
mod registration_repeated;
mod routine_changed;
mod user_deleted;
mod user_profile_updated;
mod user_registered;
mod user_roles_changed;
mod user_signed_in;
mod weekly_summary_due;
mod workout_reminder_due;

pub use intake::{Arrival, Intake};

use chassis::bus::{BusSettings, TopicPlan};
use chassis::foreign;
use chrono::{DateTime, TimeDelta, Utc};
use eventbus::{ConsumerConfig, DecodeError, Envelope, dead_letter_topic};
use fitness_proto::fitness::notify::v1::{MailRequested, NotificationSent};
use fitness_proto::fitness::user::v1::{
    EmailVerified, OneTimeCodeIssued, PasswordChanged, PasswordResetRequested, RegistrationRepeated,
    UserDeleted, UserProfileUpdated, UserRegistered, UserRolesChanged, UserSignedIn,
};
use fitness_proto::fitness::workout::v1::{
    AchievementUnlocked, AthleteFollowed, AthleteProfileCreated, RecordSet, RoutineChanged,
    TrainerProfileCreated, WeeklySummaryDue, WorkoutFinished, WorkoutReminderDue, WorkoutStarted,
};
use prost::Name;
use prost_types::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::ledger::accounts::{Erasure, Roles};
use crate::ledger::recipients::Recipient;
use crate::notification::Template;

/// The topics this service publishes on.
pub(crate) const PUBLISHED: [&str; 1] = [<NotificationSent as eventbus::Event>::TOPIC];

/// The topics this service listens to.
pub const TOPICS: [&str; 2] =
    [<UserRegistered as eventbus::Event>::TOPIC, <WorkoutReminderDue as eventbus::Event>::TOPIC];

/// The topic on which other backends ask for mails, where they may.
pub const REQUESTS: &str = <MailRequested as eventbus::Event>::TOPIC;

/// The topics this service listens to, with that of requests or without.
pub fn listened(requests: bool) -> Vec<&'static str> {
    TOPICS.into_iter().chain(requests.then_some(REQUESTS)).collect()
}

/// The topics that have to exist: of what is told here and of what is listened to.
pub(crate) fn topics(kafka: &BusSettings, requests: bool) -> TopicPlan {
    kafka.event_topics(PUBLISHED.into_iter().chain(listened(requests)))
}

/// The member of `group` that collects dead letters from `topics`.
pub(crate) fn collector(group: &str, topics: &[String]) -> ConsumerConfig {
    let topics: Vec<_> = topics.iter().map(String::as_str).collect();
    ConsumerConfig::collector(group, &topics)
}

/// Those of the dead letters: of this service's group, and of all whose dead letters are looked after here.
pub(crate) fn dead_letter_topics(kafka: &BusSettings, group: &str, collected: &[String]) -> TopicPlan {
    let own = dead_letter_topic(group);
    kafka.dead_letter_topics(collected.iter().map(String::as_str).chain([own.as_str()]))
}

/// How long after an event a mail about it is worth reading that is neither urgent nor lasting: longer than the retry
/// schedule, shorter than what puzzles people.
const WORTH_TELLING: TimeDelta = TimeDelta::days(3);

/// What an event makes this service do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Remember whom to write to.
    Know(Recipient),
    /// Remember what an account may do.
    Permit(Roles),
    /// Forget a person.
    Erase(Erasure),
    /// Write a mail.
    Notify(Draft),
    /// Nothing; the event is of no concern here.
    Nothing,
}

/// A mail to be entered in the ledger for a known account.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) user_id: Uuid,
    pub(crate) template: Template,
    pub(crate) variables: Value,
    pub(crate) secrets: Option<Value>,
    pub(crate) supersede_key: Option<String>,
    pub(crate) deliver_before: Option<DateTime<Utc>>,
}

impl Draft {
    /// A mail that says the same to everybody.
    pub(crate) fn new(user_id: Uuid, template: Template) -> Self {
        let variables = Value::Object(serde_json::Map::default());
        Self { user_id, template, variables, secrets: None, supersede_key: None, deliver_before: None }
    }
}

/// Why an event can never be handled. The texts go to the dead letters and hold no personal data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    #[error("the event cannot be decoded")]
    Decode(#[from] DecodeError),
    #[error("{0} is missing or malformed")]
    Field(&'static str),
    #[error("{0} is too long or holds U+0000")]
    Bounds(&'static str),
    #[error("the mail cannot be asked for: {0}")]
    Request(String),
}

/// Decodes an event and says what it means here; `None` is an event type that this service does not know.
pub(crate) fn effect(envelope: &Envelope) -> Result<Option<Effect>, EventError> {
    let Some(name) = envelope.event_type.rsplit_once('.') else { return Ok(None) };
    let time = envelope.time;
    let effect = if name == of::<OneTimeCodeIssued>() {
        one_time_code_issued::effect(envelope.decode()?)
    } else if name == of::<EmailVerified>() {
        email_verified::effect(&envelope.decode()?)
    } else if name == of::<UserRegistered>() {
        user_registered::effect(envelope.decode()?, time)
    } else if name == of::<RegistrationRepeated>() {
        registration_repeated::effect(&envelope.decode()?)
    } else if name == of::<UserSignedIn>() {
        user_signed_in::effect(&envelope.decode()?, time)
    } else if name == of::<PasswordResetRequested>() {
        password_reset_requested::effect(envelope.decode()?)
    } else if name == of::<PasswordChanged>() {
        password_changed::effect(&envelope.decode()?, time)
    } else if name == of::<UserProfileUpdated>() {
        user_profile_updated::effect(envelope.decode()?, time)
    } else if name == of::<UserRolesChanged>() {
        user_roles_changed::effect(&envelope.decode()?, time)
    } else if name == of::<UserDeleted>() {
        user_deleted::effect(&envelope.decode()?, time)
    } else if name == of::<WorkoutReminderDue>() {
        workout_reminder_due::effect(&envelope.decode()?)
    } else if name == of::<AchievementUnlocked>() {
        achievement_unlocked::effect(&envelope.decode()?, time)
    } else if name == of::<RoutineChanged>() {
        routine_changed::effect(&envelope.decode()?, time)
    } else if name == of::<WeeklySummaryDue>() {
        weekly_summary_due::effect(&envelope.decode()?, time)
    } else if name == of::<MailRequested>() {
        mail_requested::effect(&envelope.decode()?, time)
    } else if OF_NO_CONCERN.contains(&name) {
        Ok(Effect::Nothing)
    } else {
        return Ok(None);
    };
    let effect = effect?;
    bounds::check(&effect)?;
    Ok(Some(effect))
}

/// Known events about which nobody is written to.
const OF_NO_CONCERN: [(&str, &str); 6] = [
    of::<AthleteProfileCreated>(),
    of::<WorkoutStarted>(),
    of::<WorkoutFinished>(),
    of::<RecordSet>(),
    of::<TrainerProfileCreated>(),
    of::<AthleteFollowed>(),
];

/// Package and name of an event type.
const fn of<E: Name>() -> (&'static str, &'static str) {
    (E::PACKAGE, E::NAME)
}

fn user_id(text: &str) -> Result<Uuid, EventError> {
    text.parse().map_err(|_| EventError::Field("user_id"))
}

/// The moment that an event is about; where it says none, that of the event.
fn instant_or(
    time: Option<Timestamp>,
    field: &'static str,
    event_time: DateTime<Utc>,
) -> Result<DateTime<Utc>, EventError> {
    if time.is_none() { Ok(event_time) } else { instant(time, field) }
}

fn instant(time: Option<Timestamp>, field: &'static str) -> Result<DateTime<Utc>, EventError> {
    foreign::moment(time).ok_or(EventError::Field(field))
}

/// When a mail about an event is of no use any more that is neither urgent nor lasting.
fn worth_telling_until(event_time: DateTime<Utc>) -> Result<DateTime<Utc>, EventError> {
    event_time.checked_add_signed(WORTH_TELLING).ok_or(EventError::Field("ce_time"))
}

#[cfg(test)]
mod tests;
