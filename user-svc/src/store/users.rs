//! Accounts.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::email_address::EmailAddress;
use crate::profile::Profile;
use crate::user::{Role, User};

/// A row of `users` without what only one statement needs.
struct Row {
    user_id: Uuid,
    email: String,
    email_verified: bool,
    display_name: String,
    locale: String,
    time_zone: String,
    roles: Vec<String>,
    create_time: DateTime<Utc>,
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
            create_time: row.create_time,
        }
    }
}

/// What became of a registration in the table.
pub(crate) struct Registered {
    /// The account that has the address now.
    pub(crate) user_id: Uuid,
    /// Whether it was opened by this registration.
    pub(crate) opened: bool,
    /// Whether its address is proved.
    pub(crate) email_verified: bool,
}

/// A registration on its way into the table.
pub(crate) struct NewUser<'a> {
    /// The id that the account gets if the address is free.
    pub(crate) user_id: Uuid,
    pub(crate) email: &'a EmailAddress,
    pub(crate) password_hash: &'a str,
    pub(crate) profile: &'a Profile,
    pub(crate) now: DateTime<Utc>,
}

/// Opens an account, or takes the lock on the one that has the address already.
///
/// Password and profile of an account whose address is not proved are replaced by the newest registration. Otherwise
/// somebody could register the address of another person ahead of them, wait until its owner registers and proves it,
/// and sign in with the password chosen first. A proved account stays as it is.
///
/// One statement, so that of any number of concurrent registrations exactly one opens the account.
pub(crate) async fn register(connection: &mut PgConnection, user: &NewUser<'_>) -> sqlx::Result<Registered> {
    let roles = [Role::Athlete.as_str().to_owned()];
    sqlx::query_as!(
        Registered,
        r#"
        INSERT INTO users AS known
            (user_id, email, email_key, password_hash, display_name, locale, time_zone, roles, create_time, update_time)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        ON CONFLICT (email_key) DO UPDATE
        SET password_hash = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.password_hash ELSE known.password_hash END,
            display_name = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.display_name ELSE known.display_name END,
            locale = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.locale ELSE known.locale END,
            time_zone = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.time_zone ELSE known.time_zone END,
            update_time = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.update_time ELSE known.update_time END
        RETURNING
            known.user_id,
            known.user_id = $1 AS "opened!",
            known.email_verify_time IS NOT NULL AS "email_verified!"
        "#,
        user.user_id,
        user.email.as_str(),
        user.email.key(),
        user.password_hash,
        user.profile.display_name,
        user.profile.locale.as_str(),
        user.profile.time_zone.name(),
        &roles,
        user.now,
    )
    .fetch_one(connection)
    .await
}

/// Notes that the owner is told about a registration of their address, unless they were told after `not_since`.
pub(crate) async fn claim_registration_notice(
    connection: &mut PgConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
    not_since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        r#"
        UPDATE users
        SET registration_notice_time = $2
        WHERE user_id = $1
            AND (registration_notice_time IS NULL OR registration_notice_time <= $3)
        "#,
        user_id,
        now,
        not_since,
    )
    .execute(connection)
    .await?;
    Ok(claimed.rows_affected() == 1)
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
            create_time
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

/// Finds an account by address, with its password hash.
pub(crate) async fn credentials_by_email(
    connection: &mut PgConnection,
    email: &EmailAddress,
) -> sqlx::Result<Option<(User, String)>> {
    let record = sqlx::query!(
        r#"
        SELECT user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            create_time, password_hash
        FROM users
        WHERE email_key = $1
        "#,
        email.key(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(record.map(|record| {
        let row = Row {
            user_id: record.user_id,
            email: record.email,
            email_verified: record.email_verified,
            display_name: record.display_name,
            locale: record.locale,
            time_zone: record.time_zone,
            roles: record.roles,
            create_time: record.create_time,
        };
        (User::from(row), record.password_hash)
    }))
}

/// Finds an account by id.
pub(crate) async fn by_id(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            create_time
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

/// Replaces a password hash by one of the same password, unless the password was changed meanwhile.
pub(crate) async fn renew_password_hash(
    connection: &mut PgConnection,
    user_id: Uuid,
    outdated: &str,
    renewed: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE users
        SET password_hash = $3
        WHERE user_id = $1
            AND password_hash = $2
        "#,
        user_id,
        outdated,
        renewed,
    )
    .execute(connection)
    .await?;
    Ok(())
}
