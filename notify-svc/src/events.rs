//! From events to ledger rows. One file for each event type says what the event means here.

mod email_verified;
mod intake;
mod one_time_code_issued;
mod registration_repeated;
mod user_registered;

pub use intake::{Arrival, Intake};

use chrono::{DateTime, Utc};
use eventbus::{DecodeError, Envelope};
use fitness_proto::fitness::user::v1::{
    EmailVerified, OneTimeCodeIssued, RegistrationRepeated, UserRegistered,
};
use prost::Name as _;
use serde_json::Value;
use uuid::Uuid;

use crate::ledger::recipients::Recipient;
use crate::notification::Template;

/// The topics this service listens to.
pub const TOPICS: [&str; 1] = [<UserRegistered as eventbus::Event>::TOPIC];

/// What an event makes this service do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Remember whom to write to.
    Know(Recipient),
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
}

/// Decodes an event and says what it means here; `None` is an event type that this service does not know.
pub(crate) fn effect(envelope: &Envelope) -> Result<Option<Effect>, EventError> {
    let name = envelope.event_type.as_str();
    let effect = if name == UserRegistered::full_name() {
        user_registered::effect(envelope.decode()?, envelope.time)
    } else if name == OneTimeCodeIssued::full_name() {
        one_time_code_issued::effect(envelope.decode()?)
    } else if name == EmailVerified::full_name() {
        email_verified::effect(&envelope.decode()?)
    } else if name == RegistrationRepeated::full_name() {
        registration_repeated::effect(&envelope.decode()?)
    } else {
        return Ok(None);
    };
    effect.map(Some)
}

fn user_id(text: &str) -> Result<Uuid, EventError> {
    text.parse().map_err(|_| EventError::Field("user_id"))
}
