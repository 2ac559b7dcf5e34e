//! An address was proved: welcome its owner.

use fitness_proto::fitness::user::v1::EmailVerified;

use super::{Draft, Effect, EventError, user_id};
use crate::notification::Template;

pub(super) fn effect(event: &EmailVerified) -> Result<Effect, EventError> {
    Ok(Effect::Notify(Draft::new(user_id(&event.user_id)?, Template::Welcome)))
}
