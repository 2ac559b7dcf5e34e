//! The role that comes with a trainer profile.

use chassis::auth::Role;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::store::{inbox, users};

/// How old an event may be that is acted on: far older than any that is delivered, replays included. Whether an older
/// one was handled before is not known any more.
pub(super) const EVENTS_COUNT: TimeDelta = TimeDelta::days(180);

impl Accounts {
    /// Makes an account a trainer because of an event. An event counts once: a role that an admin took away does not
    /// come back with a repetition. An account that is gone stays gone.
    pub async fn grant_trainer(
        &self,
        event_id: Uuid,
        event_time: DateTime<Utc>,
        user_id: Uuid,
    ) -> Result<(), AccountError> {
        let now = self.now();
        if event_time < now - EVENTS_COUNT {
            tracing::warn!(%event_id, "an event is too old to be acted on");
            return Ok(());
        }

        let mut transaction = self.pool.begin().await?;
        if !inbox::enter(&mut transaction, event_id, now).await? {
            return Ok(());
        }
        if let Some(mut user) = users::lock_by_id(&mut transaction, user_id).await? {
            let wanted = [user.roles.as_slice(), &[Role::Trainer]].concat();
            self.replace_roles(&mut transaction, &mut user, &wanted, now).await?;
            tracing::info!(%user_id, "trainer role granted");
        }
        transaction.commit().await?;
        self.outbox.committed();
        Ok(())
    }
}
