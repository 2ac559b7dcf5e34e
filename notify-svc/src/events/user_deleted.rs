//! An account was deleted: forget the person.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::UserDeleted;

use super::{Effect, EventError, user_id};
use crate::ledger::accounts::Erasure;

pub(super) fn effect(event: &UserDeleted, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    Ok(Effect::Erase(Erasure { user_id: user_id(&event.user_id)?, erase_time: event_time }))
}
