//! `GetMe`: the account of the caller.

use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::store::users;
use crate::user::User;

impl Accounts {
    /// Answers the account; an access token may outlive it for some minutes.
    pub async fn get_me(&self, user_id: Uuid) -> Result<User, AccountError> {
        let mut connection = self.pool.acquire().await?;
        users::by_id(&mut connection, user_id).await?.ok_or(AccountError::AccountGone)
    }
}
