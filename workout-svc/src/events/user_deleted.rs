//! An account was deleted: nothing of it stays.

use fitness_proto::fitness::user::v1::UserDeleted;

use super::{EventError, user_id};
use crate::training::Training;

pub(super) async fn handle(training: &Training, event: &UserDeleted) -> Result<(), EventError> {
    Ok(training.erase(user_id(&event.user_id)?).await?)
}
