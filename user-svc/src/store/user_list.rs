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
    limit: i64,
) -> sqlx::Result<Vec<User>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            password_hash IS NOT NULL AS "password_set!", create_time
        FROM users
        WHERE user_id > $1
        ORDER BY user_id
        LIMIT $2
        "#,
        // An optional bound is none in a plan that has to suit all values.
        after.unwrap_or_default(),
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// Answers the address of an account as it is sorted by.
pub(crate) async fn email_key(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"
        SELECT email_key
        FROM users
        WHERE user_id = $1
        "#,
        user_id,
    )
    .fetch_optional(connection)
    .await
}

/// Answers up to `limit` accounts whose address begins with `prefix` and comes after the given one, by address. The index
/// holds them side by side: neither how many others there are nor where they stand makes it slower.
pub(crate) async fn page_by_address(
    connection: &mut PgConnection,
    prefix: &str,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<User>> {
    // The last of all texts that begin so.
    let end = format!("{prefix}{}", char::MAX);
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT user_id, email, email_verify_time IS NOT NULL AS "email_verified!", display_name, locale, time_zone, roles,
            password_hash IS NOT NULL AS "password_set!", create_time
        FROM users
        WHERE email_key COLLATE "C" >= $1
            AND email_key COLLATE "C" > $2
            AND email_key COLLATE "C" < $3
        ORDER BY email_key COLLATE "C"
        LIMIT $4
        "#,
        prefix,
        after.unwrap_or_default(),
        end,
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
