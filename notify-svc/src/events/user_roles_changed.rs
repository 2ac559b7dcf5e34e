//! What an account may do was changed: remember it, because access tokens keep saying what was true before.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::{Role, UserRolesChanged};

use super::{Effect, EventError, user_id};
use crate::ledger::accounts::Roles;

pub(super) fn effect(event: &UserRolesChanged, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    let user_id = user_id(&event.user_id)?;
    let roles = event.roles().filter_map(name).map(str::to_owned).collect();
    Ok(Effect::Permit(Roles { user_id, roles, event_time }))
}

/// The name of a role in access tokens.
fn name(role: Role) -> Option<&'static str> {
    match role {
        Role::Unspecified => None,
        Role::Athlete => Some("athlete"),
        Role::Trainer => Some("trainer"),
        Role::Admin => Some("admin"),
    }
}
