//! Many accounts, and all of one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::users::Row;
use crate::user::User;

/// Answers up to `limit` accounts after the given one, in the order in which they were opened.
pub(crate) async fn page(
    connection: &mut PgConnection,
    after: Option<Uuid>,
    email_prefix: &str,
    limit: i64,
) -> sqlx::Result<Vec<User>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            password_hash IS NOT NULL AS "password_set!", create_time
        FROM users
        WHERE ($1::uuid IS NULL OR user_id > $1)
            AND starts_with(email_key, $2)
        ORDER BY user_id
        LIMIT $3
        "#,
        after,
        email_prefix,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// When things happened to an account.
#[expect(clippy::struct_field_names, reason = "the fields are the columns")]
pub(crate) struct Times {
    pub(crate) email_verify_time: Option<DateTime<Utc>>,
    pub(crate) password_change_time: Option<DateTime<Utc>>,
    pub(crate) update_time: DateTime<Utc>,
}

/// Answers when things happened to an account.
pub(crate) async fn times(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<Times>> {
    sqlx::query_as!(
        Times,
        r#"
        SELECT email_verify_time, password_change_time, update_time
        FROM users
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await
}
