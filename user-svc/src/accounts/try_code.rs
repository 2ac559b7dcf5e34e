//! What `VerifyEmail` and `LoginWithCode` have in common: a code is typed in and compared.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;

use super::Accounts;
use crate::email_address::EmailAddress;
use crate::one_time_code::Purpose;
use crate::store::{decoy, one_time_codes, users};
use crate::user::User;

impl Accounts {
    /// Uses a code up and answers its account, whose row the transaction holds from then on.
    ///
    /// A wrong code, an expired one and an unknown address cost two statements each. A try is kept although it
    /// failed, which is why the caller commits the transaction in any case.
    pub(super) async fn try_code(
        &self,
        connection: &mut PgConnection,
        email: &EmailAddress,
        purpose: Purpose,
        code: &SecretString,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Option<User>> {
        let user = users::lock_by_email(connection, email).await?;
        let tried = if let Some(user) = &user {
            one_time_codes::count_try(connection, user.user_id, purpose, now).await?
        } else {
            decoy::write(connection).await?;
            None
        };
        let matching = user
            .zip(tried)
            .filter(|(_, tried)| self.pepper.matches(tried.code_id, code.expose_secret(), &tried.code_hash));
        let Some((user, tried)) = matching else { return Ok(None) };
        one_time_codes::use_up(connection, user.user_id, purpose, tried.code_id, now).await?;
        Ok(Some(user))
    }
}
