//! Events of other services that were handled.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes that an event is handled in this transaction, and answers whether it is for the first time.
pub(crate) async fn enter(
    connection: &mut PgConnection,
    event_id: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let entered = sqlx::query!(
        r#"
        INSERT INTO inbox (event_id, handle_time)
        VALUES ($1, $2)
        ON CONFLICT (event_id) DO NOTHING
        "#,
        event_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(entered.rows_affected() == 1)
}
