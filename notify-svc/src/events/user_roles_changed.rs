//! What an account may do was changed: remember it, because access tokens keep saying what was true before.

use chassis::auth::Role;
use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::UserRolesChanged;

use super::{Effect, EventError, user_id};
use crate::ledger::accounts::Roles;

pub(super) fn effect(event: &UserRolesChanged, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    let user_id = user_id(&event.user_id)?;
    let roles = event.roles().filter_map(Role::from_message).map(|role| role.name().to_owned()).collect();
    Ok(Effect::Permit(Roles { user_id, roles, event_time }))
}
