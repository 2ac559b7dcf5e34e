//! What an account may do was changed.

use chassis::auth::Role;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::{athletes, roles};
use crate::training::{Training, TrainingError};

impl Training {
    /// Keeps the roles of an account, unless newer ones are known or the account is erased.
    pub(crate) async fn change_roles(
        &self,
        user_id: Uuid,
        roles: &[Role],
        time: DateTime<Utc>,
    ) -> Result<(), TrainingError> {
        let names: Vec<_> = roles.iter().map(|role| role.name().to_owned()).collect();
        let mut transaction = self.pool.begin().await?;
        athletes::take_turn(&mut transaction, user_id).await?;
        if athletes::is_erased(&mut transaction, user_id).await? {
            return Ok(());
        }
        roles::put(&mut transaction, user_id, &names, time).await?;
        transaction.commit().await?;
        Ok(())
    }
}
