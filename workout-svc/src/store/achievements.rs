//! Achievements that were unlocked.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Unlocks achievements and answers those that were not unlocked before.
pub(crate) async fn unlock(
    connection: &mut PgConnection,
    user_id: Uuid,
    achievements: &[&str],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"
        INSERT INTO achievements (user_id, achievement, unlock_time)
        SELECT $1, achievement, $3
        FROM unnest($2::text[]) AS reached (achievement)
        ON CONFLICT (user_id, achievement) DO NOTHING
        RETURNING achievement
        "#,
        user_id,
        achievements as &[&str],
        now,
    )
    .fetch_all(connection)
    .await
}

/// When each achievement of an athlete was unlocked.
pub(crate) async fn unlocked(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> sqlx::Result<HashMap<String, DateTime<Utc>>> {
    let rows = sqlx::query!(
        r#"
        SELECT achievement, unlock_time
        FROM achievements
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.achievement, row.unlock_time)).collect())
}
