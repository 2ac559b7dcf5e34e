//! How much of an event is kept: what the database stores, a page of answers carries and a mail says. The bounds are a
//! multiple of what the services write, so what is beyond them comes from somebody else.

use chassis::foreign::is_storable;
use serde_json::Value;

use super::{Draft, Effect, EventError};

/// The longest address by RFC 5321 is 254.
const MAX_ADDRESS: usize = 320;
/// A name, a language, a time zone.
const MAX_TEXT: usize = 1024;
/// What the templates of a mail are told, a trainer's week with all athletes included.
const MAX_VARIABLES: usize = 256 * 1024;
/// A sealed code or token.
const MAX_SECRETS: usize = 8 * 1024;

/// Refuses what is too much.
pub(super) fn check(effect: &Effect) -> Result<(), EventError> {
    match effect {
        Effect::Know(recipient) => {
            bounded("email", &recipient.email, MAX_ADDRESS)?;
            bounded("display_name", &recipient.display_name, MAX_TEXT)?;
            bounded("locale", &recipient.locale, MAX_TEXT)?;
            bounded("time_zone", &recipient.time_zone, MAX_TEXT)
        }
        Effect::Notify(Draft { variables, secrets, .. }) => {
            within("the text", variables, MAX_VARIABLES)?;
            secrets.as_ref().map_or(Ok(()), |secrets| within("the secret", secrets, MAX_SECRETS))
        }
        Effect::Permit(_) | Effect::Erase(_) | Effect::Nothing => Ok(()),
    }
}

fn bounded(field: &'static str, text: &str, max: usize) -> Result<(), EventError> {
    if is_storable(text, max) { Ok(()) } else { Err(EventError::Bounds(field)) }
}

fn within(what: &'static str, value: &Value, max: usize) -> Result<(), EventError> {
    match size(value) {
        Some(bytes) if bytes <= max => Ok(()),
        _ => Err(EventError::Bounds(what)),
    }
}

/// About the bytes of a value as JSON; `None` if a text holds U+0000.
fn size(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => (!text.contains('\0')).then_some(text.len() + 2),
        Value::Array(items) => items.iter().map(size).sum::<Option<usize>>().map(|bytes| bytes + 2),
        Value::Object(fields) => fields.iter().map(|(name, value)| Some(name.len() + 4 + size(value)?)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(8),
    }
}
