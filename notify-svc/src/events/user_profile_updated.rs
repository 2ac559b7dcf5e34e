//! Name, language, time zone or address was changed: remember it for the next mail.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::UserProfileUpdated;

use super::{Effect, EventError, user_id};
use crate::ledger::recipients::Recipient;

pub(super) fn effect(event: UserProfileUpdated, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
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
