//! Registrations of addresses, new ones and known ones.

use chassis::auth::Role;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::email_address::EmailAddress;
use crate::profile::Profile;

/// What became of a registration in the table.
pub(crate) struct Registered {
    /// The account that has the address now.
    pub(crate) user_id: Uuid,
    /// Its address as its owner wrote it first.
    pub(crate) email: String,
    /// Whether it was opened by this registration.
    pub(crate) opened: bool,
    /// Whether its address is proved.
    pub(crate) email_verified: bool,
    /// Whether its profile came from this registration.
    pub(crate) profile_taken: bool,
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
/// An account whose address is not proved gets the profile of the newest registration and loses its password: of
/// several people who registered an address only its owner should ever sign in, and nobody can tell which of the
/// passwords is theirs. A proved account stays as it is.
///
/// One statement, so that of any number of concurrent registrations exactly one opens the account.
pub(crate) async fn register(connection: &mut PgConnection, user: &NewUser<'_>) -> sqlx::Result<Registered> {
    let roles = [Role::Athlete.name().to_owned()];
    sqlx::query_as!(
        Registered,
        r#"
        INSERT INTO users AS known
            (user_id, email, email_key, password_hash, display_name, locale, time_zone, roles, registration_id,
            create_time, update_time)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $1, $9, $9)
        ON CONFLICT (email_key) DO UPDATE
        SET password_hash = CASE WHEN known.email_verify_time IS NULL THEN NULL ELSE known.password_hash END,
            display_name = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.display_name ELSE known.display_name END,
            locale = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.locale ELSE known.locale END,
            time_zone = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.time_zone ELSE known.time_zone END,
            update_time = CASE WHEN known.email_verify_time IS NULL THEN EXCLUDED.update_time ELSE known.update_time END,
            registration_id = CASE
                WHEN known.email_verify_time IS NULL
                    AND (known.display_name, known.locale, known.time_zone)
                        <> (EXCLUDED.display_name, EXCLUDED.locale, EXCLUDED.time_zone)
                THEN EXCLUDED.registration_id
                ELSE known.registration_id
            END
        RETURNING
            known.user_id,
            known.email,
            known.user_id = $1 AS "opened!",
            known.email_verify_time IS NOT NULL AS "email_verified!",
            known.registration_id IS NOT DISTINCT FROM $1 AS "profile_taken!"
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
pub(crate) async fn claim_notice(
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
