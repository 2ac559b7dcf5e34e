//! An account was opened: it gets its athlete profile and the role that every account has.

use chassis::auth::Role;
use fitness_proto::fitness::user::v1::UserRegistered;

use super::{EventError, profile, time};
use crate::training::Training;

pub(super) async fn handle(training: &Training, event: UserRegistered) -> Result<(), EventError> {
    let texts =
        [("display_name", event.display_name), ("locale", event.locale), ("time_zone", event.time_zone)];
    let profile = profile(&event.user_id, texts, time(event.create_time, "create_time")?)?;
    training.change_roles(profile.user_id, &[Role::Athlete], profile.time).await?;
    Ok(training.arrive(&profile).await?)
}
