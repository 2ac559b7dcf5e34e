//! Where accounts were signed in from, as limits ask for it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes that an account was signed in from a place.
pub(crate) async fn note(
    connection: &mut PgConnection,
    user_id: Uuid,
    place_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO known_places (place_hash, user_id, last_use_time)
        VALUES ($1, $2, $3)
        ON CONFLICT (place_hash) DO UPDATE
        SET last_use_time = EXCLUDED.last_use_time
        "#,
        place_hash,
        user_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the places of an account beyond `most`, those unused longest.
pub(crate) async fn keep_newest(connection: &mut PgConnection, user_id: Uuid, most: i64) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM known_places
        WHERE place_hash IN (
            SELECT place_hash
            FROM known_places
            WHERE user_id = $1
            ORDER BY last_use_time DESC, place_hash
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

/// Whether somebody signed in from a place after `since`.
pub(crate) async fn is_known(
    connection: &mut PgConnection,
    place_hash: &[u8; 32],
    since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT
            FROM known_places
            WHERE place_hash = $1
                AND last_use_time > $2
        ) AS "known!"
        "#,
        place_hash,
        since,
    )
    .fetch_one(connection)
    .await
}
