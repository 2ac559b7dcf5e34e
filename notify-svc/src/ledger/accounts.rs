//! What is known of accounts beside their addresses: what they may do, and which of them are gone.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::waiting;

/// What an account may do from a time on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The account.
    pub user_id: Uuid,
    /// All its roles, for example `admin`.
    pub roles: Vec<String>,
    /// Time of the event that says so.
    pub event_time: DateTime<Utc>,
}

/// An account that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The account.
    pub user_id: Uuid,
    /// When it was deleted.
    pub erase_time: DateTime<Utc>,
}

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is gone.
    pub erased: bool,
    /// Its roles, where they were ever changed.
    pub roles: Option<Vec<String>>,
}

/// Answers how an account stands.
pub async fn standing(connection: &mut PgConnection, user_id: Uuid) -> Result<Standing, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        r#"SELECT
               EXISTS (
                   SELECT
                   FROM erased_accounts
                   WHERE user_id = $1
               ) AS "erased!",
               (
                   SELECT roles
                   FROM account_roles
                   WHERE user_id = $1
               ) AS roles"#,
        user_id,
    )
    .fetch_one(connection)
    .await
}

/// Stores roles that are newer than those known.
pub async fn set_roles(connection: &mut PgConnection, changes: &[Roles]) -> Result<(), sqlx::Error> {
    for change in changes {
        sqlx::query!(
            "INSERT INTO account_roles (user_id, roles, event_time)
             SELECT $1, $2, $3
             WHERE NOT EXISTS (
                 SELECT
                 FROM erased_accounts
                 WHERE user_id = $1
             )
             ON CONFLICT (user_id) DO UPDATE
             SET roles = EXCLUDED.roles,
                 event_time = EXCLUDED.event_time
             WHERE account_roles.event_time < EXCLUDED.event_time",
            change.user_id,
            &change.roles,
            change.event_time,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Answers those of the accounts that are gone.
pub async fn erased(connection: &mut PgConnection, user_ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT user_id
         FROM erased_accounts
         WHERE user_id = ANY($1)",
        user_ids,
    )
    .fetch_all(connection)
    .await
}

/// Keeps the accounts from being erased until the transaction ends, and answers those that are gone already: whatever
/// the transaction writes of the others is there for the erasure to find.
pub async fn hold(connection: &mut PgConnection, user_ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut user_ids = user_ids.to_vec();
    user_ids.sort_unstable();
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended(user_id::TEXT, 0)) AS ignored
         FROM UNNEST($1::UUID[]) AS user_id",
        &user_ids,
    )
    .execute(&mut *connection)
    .await?;
    erased(connection, &user_ids).await
}

/// Erases everything that is known of accounts and leaves a tombstone of each.
///
/// Who writes of a person at the same time has locked either the account ([`hold`]) or the row of the recipient
/// ([`recipients::find`](super::recipients::find)). Both are waited for here, and each statement sees what was committed
/// before it, so nothing slips through.
pub async fn erase(connection: &mut PgConnection, erasures: &[Erasure]) -> Result<(), sqlx::Error> {
    let mut erasures = erasures.to_vec();
    erasures.sort_unstable_by_key(|erasure| erasure.user_id);
    let user_ids: Vec<_> = erasures.iter().map(|erasure| erasure.user_id).collect();
    let erase_times: Vec<_> = erasures.iter().map(|erasure| erasure.erase_time).collect();
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended(user_id::TEXT, 0)) AS ignored
         FROM UNNEST($1::UUID[]) AS user_id",
        &user_ids,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO erased_accounts (user_id, erase_time)
         SELECT user_id, erase_time
         FROM UNNEST($1::UUID[], $2::TIMESTAMPTZ[]) AS given (user_id, erase_time)
         ON CONFLICT (user_id) DO NOTHING",
        &user_ids,
        &erase_times,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM recipients WHERE user_id = ANY($1)", &user_ids)
        .execute(&mut *connection)
        .await?;
    let notification_ids = sqlx::query_scalar!(
        "DELETE FROM notifications
         WHERE user_id = ANY($1)
         RETURNING notification_id",
        &user_ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    // A statement of its own: it sees what a worker wrote while the rows above were waited for.
    sqlx::query!("DELETE FROM notification_timeline WHERE notification_id = ANY($1)", &notification_ids)
        .execute(&mut *connection)
        .await?;
    waiting::erase(connection, &user_ids).await?;
    sqlx::query!("DELETE FROM preferences WHERE user_id = ANY($1)", &user_ids)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM account_roles WHERE user_id = ANY($1)", &user_ids)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM dead_letters WHERE user_id = ANY($1)", &user_ids)
        .execute(&mut *connection)
        .await?;
    for user_id in user_ids {
        outbox::erase(connection, &user_id.to_string()).await?;
    }
    Ok(())
}
