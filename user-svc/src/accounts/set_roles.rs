//! `SetRoles`: an admin says what an account may do.

use chassis::auth::Principal;
use chassis::auth::Role;
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::store::{roles, users};
use crate::user::User;

impl Accounts {
    /// Replaces the roles of an account. Every account stays an athlete, and the last admin an admin.
    pub async fn set_roles(
        &self,
        principal: &Principal,
        user_id: Uuid,
        wanted: &[Role],
    ) -> Result<User, AccountError> {
        let now = self.now();

        let mut transaction = self.pool.begin().await?;
        let admins = roles::lock_admins(&mut transaction).await?;
        // Asked under the lock: of two admins who remove each other, the second one is none any more.
        self.admin(&mut transaction, principal).await?;
        let user = users::lock_by_id(&mut transaction, user_id).await?;
        let mut user = user.ok_or(AccountError::NotFound)?;
        if !wanted.contains(&Role::Admin) && admins == [user_id] {
            return Err(AccountError::LastAdmin);
        }
        self.replace_roles(&mut transaction, &mut user, wanted, now).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(%user_id, by = %principal.user_id, "roles set");
        Ok(user)
    }
}
