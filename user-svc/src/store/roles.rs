//! What accounts may do.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use chassis::auth::Role;

/// Answers all admins and keeps others from changing them until the transaction ends.
///
/// Whoever takes a role away from somebody does this first, so that of two admins who remove each other one fails.
pub(crate) async fn lock_admins(connection: &mut PgConnection) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"
        SELECT user_id
        FROM users
        WHERE roles @> ARRAY['admin']
        ORDER BY user_id
        FOR NO KEY UPDATE
        "#,
    )
    .fetch_all(connection)
    .await
}

/// Replaces the roles of an account. The caller holds its row.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    user_id: Uuid,
    roles: &[Role],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let roles: Vec<_> = roles.iter().map(|role| role.name().to_owned()).collect();
    sqlx::query!(
        r#"
        UPDATE users
        SET roles = $2,
            update_time = $3
        WHERE user_id = $1
        "#,
        user_id,
        &roles,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
