//! The role that comes with a trainer profile.

use chassis::auth::Role;
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::store::{inbox, users};

impl Accounts {
    /// Makes an account a trainer because of an event. An event counts once: a role that an admin took away does not
    /// come back with a repetition. An account that is gone stays gone.
    pub async fn grant_trainer(&self, event_id: Uuid, user_id: Uuid) -> Result<(), AccountError> {
        let now = self.now();

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
