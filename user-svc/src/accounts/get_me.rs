//! `GetMe`: the account of the caller.

use chassis::auth::Principal;

use super::{AccountError, Accounts};
use crate::user::User;

impl Accounts {
    /// Answers the account of the caller.
    pub async fn get_me(&self, principal: &Principal) -> Result<User, AccountError> {
        let mut connection = self.pool.acquire().await?;
        self.caller(&mut connection, principal).await
    }
}
