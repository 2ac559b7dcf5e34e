//! Links to choose a new password.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A link on its way into the table.
pub(crate) struct NewReset {
    pub(crate) user_id: Uuid,
    pub(crate) reset_id: Uuid,
    pub(crate) token_hash: [u8; 32],
    pub(crate) issue_time: DateTime<Utc>,
    pub(crate) expire_time: DateTime<Utc>,
}

/// Stores a link in place of the earlier one. How many there may be is counted where they are asked for.
pub(crate) async fn issue(connection: &mut PgConnection, reset: &NewReset) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO password_resets (user_id, reset_id, token_hash, issue_time, expire_time, window_start)
        VALUES ($1, $2, $3, $4, $5, $4)
        ON CONFLICT (user_id) DO UPDATE
        SET reset_id = EXCLUDED.reset_id,
            token_hash = EXCLUDED.token_hash,
            issue_time = EXCLUDED.issue_time,
            expire_time = EXCLUDED.expire_time,
            use_time = NULL
        "#,
        reset.user_id,
        reset.reset_id,
        &reset.token_hash,
        reset.issue_time,
        reset.expire_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Finds the account of a link that works.
pub(crate) async fn find(
    connection: &mut PgConnection,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!(
        r#"
        SELECT user_id
        FROM password_resets
        WHERE token_hash = $1
            AND use_time IS NULL
            AND expire_time > $2
        "#,
        token_hash,
        now,
    )
    .fetch_optional(connection)
    .await
}

/// Finds the account of a link that was used after the given time.
pub(crate) async fn used_since(
    connection: &mut PgConnection,
    token_hash: &[u8; 32],
    since: DateTime<Utc>,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!(
        r#"
        SELECT user_id
        FROM password_resets
        WHERE token_hash = $1
            AND use_time > $2
        "#,
        token_hash,
        since,
    )
    .fetch_optional(connection)
    .await
}

/// Uses a link up and answers whether it still worked.
pub(crate) async fn use_up(
    connection: &mut PgConnection,
    user_id: Uuid,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        r#"
        UPDATE password_resets
        SET use_time = $3
        WHERE user_id = $1
            AND token_hash = $2
            AND use_time IS NULL
            AND expire_time > $3
        "#,
        user_id,
        token_hash,
        now,
    )
    .execute(connection)
    .await?;
    Ok(used.rows_affected() == 1)
}
