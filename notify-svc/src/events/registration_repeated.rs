//! Somebody registered an address that has an account: tell its owner, because the caller learns nothing.

use fitness_proto::fitness::user::v1::RegistrationRepeated;

use super::{Draft, Effect, EventError, user_id};
use crate::notification::Template;

pub(super) fn effect(event: &RegistrationRepeated) -> Result<Effect, EventError> {
    Ok(Effect::Notify(Draft::new(user_id(&event.user_id)?, Template::AccountExists)))
}
