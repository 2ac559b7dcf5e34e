//! Roles of accounts as user-svc says.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Stores the roles of an account, unless newer ones are known.
pub(crate) async fn put(
    connection: &mut PgConnection,
    user_id: Uuid,
    roles: &[String],
    event_time: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO account_roles AS known (user_id, roles, event_time)
        VALUES ($1, $2, $3)
        ON CONFLICT (user_id) DO UPDATE
        SET roles = EXCLUDED.roles,
            event_time = EXCLUDED.event_time
        WHERE known.event_time < EXCLUDED.event_time
        "#,
        user_id,
        roles,
        event_time,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The roles of an account, if user-svc ever said.
pub(crate) async fn find(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<Vec<String>>> {
    sqlx::query_scalar!(
        r#"
        SELECT roles
        FROM account_roles
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await
}
