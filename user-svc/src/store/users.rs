//! Accounts.

use chassis::auth::Role;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::email_address::EmailAddress;
use crate::profile::Profile;
use crate::user::User;

/// A row of `users` without what only one statement needs.
pub(super) struct Row {
    pub(super) user_id: Uuid,
    pub(super) email: String,
    pub(super) email_verified: bool,
    pub(super) display_name: String,
    pub(super) locale: String,
    pub(super) time_zone: String,
    pub(super) roles: Vec<String>,
    pub(super) password_set: bool,
    pub(super) create_time: DateTime<Utc>,
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            user_id: row.user_id,
            email: row.email,
            email_verified: row.email_verified,
            display_name: row.display_name,
            locale: row.locale,
            time_zone: row.time_zone,
            // A check in the table keeps other names out; one that a newer version added means nothing to this one.
            roles: row.roles.iter().filter_map(|name| Role::from_name(name)).collect(),
            password_set: row.password_set,
            create_time: row.create_time,
        }
    }
}

/// Finds an account by address and keeps others from changing it until the transaction ends.
pub(crate) async fn lock_by_email(
    connection: &mut PgConnection,
    email: &EmailAddress,
) -> sqlx::Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            password_hash IS NOT NULL AS "password_set!", create_time
        FROM users
        WHERE email_key = $1
        FOR NO KEY UPDATE
        "#,
        email.key(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(User::from))
}

/// Finds an account by id.
pub(crate) async fn by_id(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            password_hash IS NOT NULL AS "password_set!", create_time
        FROM users
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(User::from))
}

/// Notes that the address is proved.
pub(crate) async fn mark_email_verified(
    connection: &mut PgConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE users
        SET email_verify_time = $2,
            update_time = $2
        WHERE user_id = $1
        "#,
        user_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Finds an account by id and keeps others from changing it until the transaction ends.
pub(crate) async fn lock_by_id(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            password_hash IS NOT NULL AS "password_set!", create_time
        FROM users
        WHERE user_id = $1
        FOR NO KEY UPDATE
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(User::from))
}

/// Finds the account of a living session.
pub(crate) async fn by_session(
    connection: &mut PgConnection,
    session_id: Uuid,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT users.user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            password_hash IS NOT NULL AS "password_set!", users.create_time
        FROM sessions
        INNER JOIN users USING (user_id)
        WHERE session_id = $1
            AND users.user_id = $2
            AND revoke_time IS NULL
            AND expire_time > $3
        "#,
        session_id,
        user_id,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(User::from))
}

/// Replaces the profile of an account.
pub(crate) async fn update_profile(
    connection: &mut PgConnection,
    user_id: Uuid,
    profile: &Profile,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE users
        SET display_name = $2,
            locale = $3,
            time_zone = $4,
            update_time = $5
        WHERE user_id = $1
        "#,
        user_id,
        profile.display_name,
        profile.locale.as_str(),
        profile.time_zone.name(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes an account with everything that hangs on it.
pub(crate) async fn delete(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM users
        WHERE user_id = $1
        "#,
        user_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}
