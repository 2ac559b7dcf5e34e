//! An account was opened: remember whom to write to.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::UserRegistered;

use super::{Effect, EventError, user_id};
use crate::ledger::recipients::Recipient;

pub(super) fn effect(event: UserRegistered, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    if event.email.is_empty() {
        return Err(EventError::Field("email"));
    }
    Ok(Effect::Know(Recipient {
        user_id: user_id(&event.user_id)?,
        email: event.email,
        display_name: event.display_name,
        locale: event.locale,
        time_zone: event.time_zone,
        event_time,
    }))
}
