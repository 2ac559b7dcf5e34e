//! What happened to routines, for the digest of trainers.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes that a routine of an athlete was changed.
pub(crate) async fn note(
    connection: &mut PgConnection,
    user_id: Uuid,
    change_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO routine_changes (user_id, change_time)
        VALUES ($1, $2)
        "#,
        user_id,
        change_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets changes before a moment.
pub(crate) async fn forget(connection: &mut PgConnection, before: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        DELETE FROM routine_changes
        WHERE change_time < $1
        "#,
        before,
    )
    .execute(connection)
    .await?;
    Ok(())
}
