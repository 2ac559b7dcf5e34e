//! Who makes a call: the account of an access token, as it is now.
//!
//! A token says what was true when it was issued. Whether its session has ended since, and what the account may do, is
//! read at each call.

use chassis::auth::Principal;
use chassis::auth::Role;
use sqlx::PgConnection;

use super::{AccountError, Accounts};
use crate::store::users;
use crate::user::User;

impl Accounts {
    /// Answers the account of a living session.
    pub(crate) async fn caller(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
    ) -> Result<User, AccountError> {
        users::by_session(connection, principal.session_id, principal.user_id, self.now())
            .await?
            .ok_or(AccountError::SessionEnded)
    }

    /// The same, and keeps others from changing the account until the transaction ends.
    ///
    /// The lock comes first: what is read after it is what whoever held it before has left.
    pub(super) async fn lock_caller(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
    ) -> Result<User, AccountError> {
        users::lock_by_id(connection, principal.user_id).await?;
        self.caller(connection, principal).await
    }

    /// Answers the account of a living session if it is an admin's.
    pub(super) async fn admin(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
    ) -> Result<User, AccountError> {
        let caller = self.caller(connection, principal).await?;
        if caller.has_role(Role::Admin) { Ok(caller) } else { Err(AccountError::PermissionDenied) }
    }
}
