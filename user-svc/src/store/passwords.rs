//! Password hashes.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::email_address::EmailAddress;

/// What an account is opened with.
pub(crate) struct Credentials {
    pub(crate) user_id: Uuid,
    /// Nothing where no password signs in.
    pub(crate) password_hash: Option<String>,
    /// When the password was last changed. A hash that is renewed is still one of the same password.
    pub(crate) password_change_time: Option<DateTime<Utc>>,
    /// Whether the address is proved.
    pub(crate) email_verified: bool,
}

impl Credentials {
    /// Whether a password signs in: not before the address is proved.
    pub(crate) fn sign_in(&self) -> bool {
        self.email_verified
    }

    /// Whether the account has the same password as when `earlier` was read.
    pub(crate) fn is_password_of(&self, earlier: &Self) -> bool {
        self.password_hash.is_some() && self.password_change_time == earlier.password_change_time
    }
}

/// Finds the credentials of an address.
pub(crate) async fn by_email(
    connection: &mut PgConnection,
    email: &EmailAddress,
) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"
        SELECT user_id, password_hash, password_change_time, email_verify_time IS NOT NULL AS "email_verified!"
        FROM users
        WHERE email_key = $1
        "#,
        email.key(),
    )
    .fetch_optional(connection)
    .await
}

/// Finds the credentials of an account.
pub(crate) async fn by_id(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"
        SELECT user_id, password_hash, password_change_time, email_verify_time IS NOT NULL AS "email_verified!"
        FROM users
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await
}

/// Replaces a password hash by one of the same password.
pub(crate) async fn renew(connection: &mut PgConnection, user_id: Uuid, renewed: &str) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE users
        SET password_hash = $2
        WHERE user_id = $1
        "#,
        user_id,
        renewed,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives an account another password.
pub(crate) async fn change(
    connection: &mut PgConnection,
    user_id: Uuid,
    password_hash: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE users
        SET password_hash = $2,
            password_change_time = $3
        WHERE user_id = $1
        "#,
        user_id,
        password_hash,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
