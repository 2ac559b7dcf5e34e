//! `TrainerProfileCreated`: the account becomes a trainer.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::workout::v1::TrainerProfileCreated;
use uuid::Uuid;

use super::EventError;
use crate::accounts::Accounts;

/// Grants the role, once for each event.
pub(super) async fn handle(
    accounts: &Accounts,
    event_id: Uuid,
    event_time: DateTime<Utc>,
    event: &TrainerProfileCreated,
) -> Result<(), EventError> {
    let user_id = event.user_id.parse().map_err(|_| EventError::Field("user_id"))?;
    Ok(accounts.grant_trainer(event_id, event_time, user_id).await?)
}
