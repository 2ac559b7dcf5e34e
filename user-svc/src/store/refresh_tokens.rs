//! Refresh tokens: each session has a family of them, numbered by generation.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A session that somebody wants to refresh.
pub(crate) struct Family {
    pub(crate) session_id: Uuid,
    pub(crate) user_id: Uuid,
}

/// Finds the living session of a token and keeps others from refreshing or ending it until the transaction ends.
pub(crate) async fn lock_family(
    connection: &mut PgConnection,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Family>> {
    sqlx::query_as!(
        Family,
        r#"
        SELECT session_id, user_id
        FROM sessions
        WHERE session_id = (
                SELECT session_id
                FROM refresh_tokens
                WHERE token_hash = $1
            )
            AND revoke_time IS NULL
            AND expire_time > $2
        FOR NO KEY UPDATE
        "#,
        token_hash,
        now,
    )
    .fetch_optional(connection)
    .await
}

/// Uses a token up and answers its generation, or nothing if it was used before. The caller holds its family.
pub(crate) async fn use_up(
    connection: &mut PgConnection,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        r#"
        UPDATE refresh_tokens
        SET use_time = $2
        WHERE token_hash = $1
            AND use_time IS NULL
        RETURNING generation
        "#,
        token_hash,
        now,
    )
    .fetch_optional(connection)
    .await
}

/// Whether a used token was used after `since` and its successor was not yet. The caller holds its family.
pub(crate) async fn is_repeat(
    connection: &mut PgConnection,
    token_hash: &[u8; 32],
    next_hash: &[u8; 32],
    since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT
            FROM refresh_tokens AS used
            INNER JOIN refresh_tokens AS next USING (session_id)
            WHERE used.token_hash = $1
                AND used.use_time > $3
                AND next.token_hash = $2
                AND next.use_time IS NULL
        ) AS "repeat!"
        "#,
        token_hash,
        next_hash,
        since,
    )
    .fetch_one(connection)
    .await
}

/// Adds the next generation to a family.
pub(crate) async fn add(
    connection: &mut PgConnection,
    session_id: Uuid,
    generation: i32,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO refresh_tokens (token_hash, session_id, generation, create_time)
        VALUES ($1, $2, $3, $4)
        "#,
        token_hash,
        session_id,
        generation,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
