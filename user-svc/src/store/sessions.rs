//! Sessions. Their tokens are in `refresh_tokens`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::session::Session;

/// A session on its way into the tables.
pub(crate) struct NewSession<'a> {
    pub(crate) session_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) device: &'a str,
    pub(crate) token_hash: [u8; 32],
    pub(crate) now: DateTime<Utc>,
    pub(crate) expire_time: DateTime<Utc>,
}

/// Opens a session with the first refresh token of its family.
pub(crate) async fn open(connection: &mut PgConnection, session: &NewSession<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        WITH opened AS (
            INSERT INTO sessions (session_id, user_id, device, create_time, last_use_time, expire_time)
            VALUES ($1, $2, $3, $4, $4, $5)
            RETURNING session_id
        )
        INSERT INTO refresh_tokens (token_hash, session_id, generation, create_time)
        SELECT $6, session_id, 1, $4
        FROM opened
        "#,
        session.session_id,
        session.user_id,
        session.device,
        session.now,
        session.expire_time,
        &session.token_hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes the sessions of an account beyond `most`, ended ones first, then those unused longest. The caller holds the
/// row of the account.
pub(crate) async fn keep_newest(connection: &mut PgConnection, user_id: Uuid, most: i64) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM sessions
        WHERE session_id IN (
            SELECT session_id
            FROM sessions
            WHERE user_id = $1
            ORDER BY revoke_time IS NULL DESC, COALESCE(last_use_time, create_time) DESC, session_id DESC
            OFFSET $2
        )
        "#,
        user_id,
        most,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Answers up to `limit` living sessions of an account that were opened before the given one, newest first.
pub(crate) async fn page(
    connection: &mut PgConnection,
    user_id: Uuid,
    before: Option<Uuid>,
    limit: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Session>> {
    sqlx::query_as!(
        Session,
        r#"
        SELECT session_id, device, create_time, COALESCE(last_use_time, create_time) AS "last_use_time!", expire_time
        FROM sessions
        WHERE user_id = $1
            AND revoke_time IS NULL
            AND expire_time > $2
            AND session_id < $3
        ORDER BY session_id DESC
        LIMIT $4
        "#,
        user_id,
        now,
        before.unwrap_or(Uuid::max()),
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Notes that a session was refreshed and lives until `expire_time`.
pub(crate) async fn renew(
    connection: &mut PgConnection,
    session_id: Uuid,
    now: DateTime<Utc>,
    expire_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE sessions
        SET last_use_time = $2,
            expire_time = $3
        WHERE session_id = $1
        "#,
        session_id,
        now,
        expire_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a session of an account and answers whether it was alive.
pub(crate) async fn revoke(
    connection: &mut PgConnection,
    session_id: Uuid,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let revoked = sqlx::query!(
        r#"
        UPDATE sessions
        SET revoke_time = $3
        WHERE session_id = $1
            AND user_id = $2
            AND revoke_time IS NULL
            AND expire_time > $3
        "#,
        session_id,
        user_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Ends all sessions of an account but the one to keep.
pub(crate) async fn revoke_all(
    connection: &mut PgConnection,
    user_id: Uuid,
    keep: Option<Uuid>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        UPDATE sessions
        SET revoke_time = $3
        WHERE user_id = $1
            AND session_id IS DISTINCT FROM $2
            AND revoke_time IS NULL
        "#,
        user_id,
        keep,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
