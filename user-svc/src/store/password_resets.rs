//! Links to choose a new password.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Shortest time between two links for one account.
const MIN_INTERVAL: TimeDelta = TimeDelta::seconds(60);
/// The window in which links are counted.
const WINDOW: TimeDelta = TimeDelta::hours(1);
/// Most links for one account in a window.
const MAX_IN_WINDOW: i32 = 5;

/// A link on its way into the table.
pub(crate) struct NewReset {
    pub(crate) user_id: Uuid,
    pub(crate) reset_id: Uuid,
    pub(crate) token_hash: [u8; 32],
    pub(crate) issue_time: DateTime<Utc>,
    pub(crate) expire_time: DateTime<Utc>,
}

/// Stores a link in place of the earlier one and answers whether the limits allow it: one a minute and five an hour,
/// counted in fixed windows, so that nobody fills a mailbox.
pub(crate) async fn issue(connection: &mut PgConnection, reset: &NewReset) -> sqlx::Result<bool> {
    let issued = sqlx::query!(
        r#"
        INSERT INTO password_resets AS current
            (user_id, reset_id, token_hash, issue_time, expire_time, window_start)
        VALUES ($1, $2, $3, $4, $5, $4)
        ON CONFLICT (user_id) DO UPDATE
        SET reset_id = EXCLUDED.reset_id,
            token_hash = EXCLUDED.token_hash,
            issue_time = EXCLUDED.issue_time,
            expire_time = EXCLUDED.expire_time,
            use_time = NULL,
            window_start = CASE WHEN current.window_start <= $7 THEN EXCLUDED.window_start ELSE current.window_start END,
            issued_in_window = CASE WHEN current.window_start <= $7 THEN 1 ELSE current.issued_in_window + 1 END
        WHERE current.issue_time <= $6
            AND (current.window_start <= $7 OR current.issued_in_window < $8)
        "#,
        reset.user_id,
        reset.reset_id,
        &reset.token_hash,
        reset.issue_time,
        reset.expire_time,
        reset.issue_time - MIN_INTERVAL,
        reset.issue_time - WINDOW,
        MAX_IN_WINDOW,
    )
    .execute(connection)
    .await?;
    Ok(issued.rows_affected() == 1)
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
