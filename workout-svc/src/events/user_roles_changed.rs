//! What an account may do was changed.

use chassis::auth::Role;
use fitness_proto::fitness::user::v1::UserRolesChanged;

use super::{EventError, time, user_id};
use crate::training::Training;

pub(super) async fn handle(training: &Training, event: &UserRolesChanged) -> Result<(), EventError> {
    // A role that a newer user-svc added means nothing here.
    let roles: Vec<_> = event.roles().filter_map(Role::from_message).collect();
    let change_time = time(event.change_time, "change_time")?;
    Ok(training.change_roles(user_id(&event.user_id)?, &roles, change_time).await?)
}
