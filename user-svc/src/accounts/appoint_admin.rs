//! The first admin, whom the configuration names.

use chassis::auth::Role;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{AccountError, Accounts};
use crate::store::users;
use crate::user::User;

impl Accounts {
    /// Makes the account that the configuration names an admin, if it is there and its address proved.
    pub(super) async fn appoint_admin(&self) -> Result<(), AccountError> {
        let Some(email) = &self.admin_email else { return Ok(()) };
        let mut transaction = self.pool.begin().await?;
        if let Some(mut user) = users::lock_by_email(&mut transaction, email).await?
            && user.email_verified
        {
            self.appoint_if_named(&mut transaction, &mut user, self.now()).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();
        Ok(())
    }

    /// Makes an account an admin if its address, which is proved, is the one that the configuration names.
    pub(super) async fn appoint_if_named(
        &self,
        connection: &mut PgConnection,
        user: &mut User,
        now: DateTime<Utc>,
    ) -> Result<(), AccountError> {
        let named = self.admin_email.as_ref().is_some_and(|named| named.is_same(&user.email));
        if named {
            let wanted = [user.roles.as_slice(), &[Role::Admin]].concat();
            self.replace_roles(connection, user, &wanted, now).await?;
        }
        Ok(())
    }
}
