//! What accounts were signed in from.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::session::KnownDevice;

/// Notes that an account was signed in from a device, and answers whether it is new for an account that has others.
///
/// The caller holds the row of the account; otherwise two first uses at once would both be new.
pub(crate) async fn note(
    connection: &mut PgConnection,
    user_id: Uuid,
    device_hash: &[u8; 32],
    device: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        WITH earlier AS (
            SELECT bool_or(device_hash = $2) AS seen
            FROM devices
            WHERE user_id = $1
        ),
        noted AS (
            INSERT INTO devices (user_id, device_hash, device, first_use_time, last_use_time)
            VALUES ($1, $2, $3, $4, $4)
            ON CONFLICT (user_id, device_hash) DO UPDATE
            SET last_use_time = EXCLUDED.last_use_time
        )
        SELECT seen IS FALSE AS "new!"
        FROM earlier
        "#,
        user_id,
        device_hash,
        device,
        now,
    )
    .fetch_one(connection)
    .await
}

/// Forgets the devices of an account beyond `most`, those unused longest.
pub(crate) async fn keep_newest(connection: &mut PgConnection, user_id: Uuid, most: i64) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM devices
        WHERE user_id = $1
            AND device_hash IN (
                SELECT device_hash
                FROM devices
                WHERE user_id = $1
                ORDER BY last_use_time DESC, device_hash
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

/// Answers the devices of an account, latest first.
pub(crate) async fn of_user(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Vec<KnownDevice>> {
    sqlx::query_as!(
        KnownDevice,
        r#"
        SELECT device, first_use_time, last_use_time
        FROM devices
        WHERE user_id = $1
        ORDER BY last_use_time DESC, device_hash
        "#,
        user_id,
    )
    .fetch_all(connection)
    .await
}
