//! Removing what is over. Each statement takes a batch, so that no transaction is long.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Most rows of a batch.
pub(crate) const BATCH: u64 = 1_000;

/// Deletes counts of windows that have ended.
pub(crate) async fn delete_ended_windows(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM rate_limits
        WHERE limit_key IN (
            SELECT limit_key
            FROM rate_limits
            WHERE expire_time <= $1
            ORDER BY limit_key
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        now,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes registrations that were never proved.
pub(crate) async fn delete_old_registrations(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM pending_registrations
        WHERE address_hash IN (
            SELECT address_hash
            FROM pending_registrations
            WHERE expire_time <= $1
            ORDER BY expire_time
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        now,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Forgets where codes were tried that do not work any more.
pub(crate) async fn delete_old_tries(connection: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM code_tries
        WHERE (user_id, purpose, place_hash) IN (
            SELECT user_id, purpose, place_hash
            FROM code_tries
            WHERE expire_time <= $1
            ORDER BY expire_time
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        now,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Forgets where codes were asked for that do not work any more.
pub(crate) async fn delete_old_askers(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM code_askers
        WHERE asker_hash IN (
            SELECT asker_hash
            FROM code_askers
            WHERE expire_time <= $1
            ORDER BY expire_time
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        now,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Forgets places where nobody signed in after the given time.
pub(crate) async fn delete_old_places(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM known_places
        WHERE place_hash IN (
            SELECT place_hash
            FROM known_places
            WHERE last_use_time <= $1
            ORDER BY last_use_time
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        before,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes sessions that have ended by themselves, with all their tokens. A revoked one stays until then.
pub(crate) async fn delete_ended_sessions(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM sessions
        WHERE session_id IN (
            SELECT session_id
            FROM sessions
            WHERE expire_time <= $1
            ORDER BY expire_time
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        now,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Forgets sessions that ended before the given time.
pub(crate) async fn delete_forgotten_ends(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM ended_sessions
        WHERE session_id IN (
            SELECT session_id
            FROM ended_sessions
            WHERE end_time <= $1
            ORDER BY end_time
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        before,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes the ids of events that were handled before the given time.
pub(crate) async fn delete_handled_events(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM inbox
        WHERE event_id IN (
            SELECT event_id
            FROM inbox
            WHERE handle_time <= $1
            ORDER BY handle_time
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        before,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes refresh tokens that were used before the given time.
pub(crate) async fn delete_used_tokens(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        r#"
        DELETE FROM refresh_tokens
        WHERE token_hash IN (
            SELECT token_hash
            FROM refresh_tokens
            WHERE use_time <= $1
            ORDER BY use_time
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        "#,
        before,
        BATCH.cast_signed(),
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}
