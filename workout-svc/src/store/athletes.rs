//! Athletes and what remains of erased ones.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::athlete::{Athlete, Profile};

/// A row of `athletes` without its times.
struct Row {
    user_id: Uuid,
    display_name: String,
    locale: String,
    time_zone: String,
}

impl From<Row> for Athlete {
    fn from(row: Row) -> Self {
        Self::new(row.user_id, row.display_name, &row.locale, &row.time_zone)
    }
}

/// Finds an athlete.
pub(crate) async fn find(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<Athlete>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, display_name, locale, time_zone
        FROM athletes
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Athlete::from))
}

/// Finds an athlete and keeps the row from being deleted until the transaction ends.
pub(crate) async fn hold(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<Athlete>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, display_name, locale, time_zone
        FROM athletes
        WHERE user_id = $1
        FOR KEY SHARE
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Athlete::from))
}

/// The same, and those who lock the athlete take turns.
pub(crate) async fn lock(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<Athlete>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, display_name, locale, time_zone
        FROM athletes
        WHERE user_id = $1
        FOR NO KEY UPDATE
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Athlete::from))
}

/// Whether the account was deleted.
pub(crate) async fn is_erased(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT
            FROM erased_accounts
            WHERE user_id = $1
        ) AS "erased!"
        "#,
        user_id,
    )
    .fetch_one(connection)
    .await
}

/// Makes events about one account take turns until the transaction ends, also where there is no row to lock yet.
pub(crate) async fn take_turn(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0)) AS ignored", user_id.to_string())
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// What became of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The athlete is new.
    Created,
    /// The athlete was known and the news was newer.
    Updated,
    /// The news was old.
    Outdated,
}

/// Stores a profile, unless a newer one is known.
pub(crate) async fn put(
    connection: &mut PgConnection,
    profile: &Profile,
    now: DateTime<Utc>,
) -> sqlx::Result<Stored> {
    let created = sqlx::query_scalar!(
        r#"
        INSERT INTO athletes AS known (user_id, display_name, locale, time_zone, profile_time, create_time)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (user_id) DO UPDATE
        SET display_name = EXCLUDED.display_name,
            locale = EXCLUDED.locale,
            time_zone = EXCLUDED.time_zone,
            profile_time = EXCLUDED.profile_time
        WHERE known.profile_time < EXCLUDED.profile_time
        RETURNING known.xmax = 0 AS "created!"
        "#,
        profile.user_id,
        profile.display_name,
        profile.locale,
        profile.time_zone,
        profile.time,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(match created {
        Some(true) => Stored::Created,
        Some(false) => Stored::Updated,
        None => Stored::Outdated,
    })
}

/// Deletes everything of an account and leaves a tombstone. Answers whether there was none before.
pub(crate) async fn erase(
    connection: &mut PgConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let buried = sqlx::query!(
        r#"
        INSERT INTO erased_accounts (user_id, erase_time)
        VALUES ($1, $2)
        ON CONFLICT (user_id) DO NOTHING
        "#,
        user_id,
        now,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"
        DELETE FROM athletes
        WHERE user_id = $1
        "#,
        user_id,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"
        DELETE FROM account_roles
        WHERE user_id = $1
        "#,
        user_id,
    )
    .execute(connection)
    .await?;
    Ok(buried.rows_affected() == 1)
}
