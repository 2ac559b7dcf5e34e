//! From where codes were asked for, as limits ask for it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Notes that a code was asked for, which can be typed in until `expire_time`.
pub(crate) async fn note(
    connection: &mut PgConnection,
    asker_hash: &[u8; 32],
    expire_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO code_askers (asker_hash, expire_time)
        VALUES ($1, $2)
        ON CONFLICT (asker_hash) DO UPDATE
        SET expire_time = EXCLUDED.expire_time
        "#,
        asker_hash,
        expire_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a code was asked for from there that can still be typed in.
pub(crate) async fn has_asked(
    connection: &mut PgConnection,
    asker_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT
            FROM code_askers
            WHERE asker_hash = $1
                AND expire_time > $2
        ) AS "asked!"
        "#,
        asker_hash,
        now,
    )
    .fetch_one(connection)
    .await
}
