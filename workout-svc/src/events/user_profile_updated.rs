//! What people see of an account was changed.

use fitness_proto::fitness::user::v1::UserProfileUpdated;

use super::{EventError, profile, time};
use crate::training::Training;

pub(super) async fn handle(training: &Training, event: UserProfileUpdated) -> Result<(), EventError> {
    let texts =
        [("display_name", event.display_name), ("locale", event.locale), ("time_zone", event.time_zone)];
    let profile = profile(&event.user_id, texts, time(event.update_time, "update_time")?)?;
    Ok(training.arrive(&profile).await?)
}
