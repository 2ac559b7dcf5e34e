//! What people see of an account was changed.

use fitness_proto::fitness::user::v1::UserProfileUpdated;

use super::{EventError, time, user_id};
use crate::athletes::Profile;
use crate::training::Training;

pub(super) async fn handle(training: &Training, event: UserProfileUpdated) -> Result<(), EventError> {
    let profile = Profile {
        user_id: user_id(&event.user_id)?,
        display_name: event.display_name,
        locale: event.locale,
        time_zone: event.time_zone,
        time: time(event.update_time, "update_time")?,
    };
    Ok(training.arrive(&profile).await?)
}
