//! `GetUser`: the caller's own account, or any to an admin.

use chassis::auth::Principal;
use chassis::auth::Role;
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::store::users;
use crate::user::User;

impl Accounts {
    /// Answers an account: the caller's own, or any to an admin. Others learn nothing of whether it exists.
    pub async fn get_user(&self, principal: &Principal, user_id: Uuid) -> Result<User, AccountError> {
        let mut connection = self.pool.acquire().await?;
        let caller = self.caller(&mut connection, principal).await?;
        if user_id == caller.user_id {
            return Ok(caller);
        }
        if !caller.has_role(Role::Admin) {
            return Err(AccountError::NotFound);
        }
        users::by_id(&mut connection, user_id).await?.ok_or(AccountError::NotFound)
    }
}
