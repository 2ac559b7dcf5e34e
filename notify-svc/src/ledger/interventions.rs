//! Changes of the ledger that people ask for: administrators who send again or stop, recipients who switch off.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Makes a notification due that waits for its next attempt.
pub async fn hasten(connection: &mut PgConnection, notification_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH hastened AS (
             UPDATE notifications
             SET next_attempt_at = now(),
                 update_time = now()
             WHERE notification_id = $1
             RETURNING notification_id, state, attempts
         )
         INSERT INTO notification_timeline (notification_id, state, attempt, detail)
         SELECT notification_id, state, attempts, 'made due by an administrator'
         FROM hastened",
        notification_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Opens a final notification again, as if it had not been tried.
pub async fn reopen(connection: &mut PgConnection, notification_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH reopened AS (
             UPDATE notifications
             SET state = 'pending',
                 attempts = 0,
                 next_attempt_at = now(),
                 update_time = now()
             WHERE notification_id = $1
             RETURNING notification_id
         )
         INSERT INTO notification_timeline (notification_id, state, attempt, detail)
         SELECT notification_id, 'pending', 0, 'sent again by an administrator'
         FROM reopened",
        notification_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a notification that waits.
pub async fn cancel(connection: &mut PgConnection, notification_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH cancelled AS (
             UPDATE notifications
             SET state = 'cancelled',
                 next_attempt_at = NULL,
                 lease_owner = NULL,
                 lease_until = NULL,
                 secrets = NULL,
                 update_time = now()
             WHERE notification_id = $1
             RETURNING notification_id, attempts
         )
         INSERT INTO notification_timeline (notification_id, state, attempt, detail)
         SELECT notification_id, 'cancelled', attempts, 'stopped by an administrator'
         FROM cancelled",
        notification_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which notifications to open again.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// Those that ended at this time or later.
    pub start_time: DateTime<Utc>,
    /// And before this time.
    pub end_time: DateTime<Utc>,
    /// In one of these states, of `failed` and `in_doubt`.
    pub states: Vec<&'static str>,
    /// Of these mails.
    pub templates: Vec<&'static str>,
    /// Most of them.
    pub limit: i64,
}

/// Opens notifications again that ended in trouble and are still of use and wanted. Answers how many.
pub async fn recover(connection: &mut PgConnection, recovery: &Recovery) -> Result<u64, sqlx::Error> {
    let recovered = sqlx::query_scalar!(
        r#"WITH troubled AS (
             SELECT notification_id
             FROM notifications AS n
             WHERE next_attempt_at IS NULL
               AND state IN ('failed', 'in_doubt')
               AND state = ANY($3)
               AND update_time >= $1
               AND update_time < $2
               AND template = ANY($4)
               AND (deliver_before IS NULL OR deliver_before > now())
               AND NOT EXISTS (
                   SELECT
                   FROM preferences AS p
                   WHERE p.user_id = n.user_id
                     AND n.category = ANY(p.switched_off)
               )
             ORDER BY update_time
             LIMIT $5
             FOR UPDATE OF n SKIP LOCKED
         ), reopened AS (
             UPDATE notifications AS n
             SET state = 'pending',
                 attempts = 0,
                 next_attempt_at = now(),
                 update_time = now()
             FROM troubled
             WHERE n.notification_id = troubled.notification_id
             RETURNING n.notification_id
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, detail)
             SELECT notification_id, 'pending', 0, 'recovered by an administrator'
             FROM reopened
         )
         SELECT count(*) AS "count!" FROM reopened"#,
        recovery.start_time,
        recovery.end_time,
        &recovery.states as &[&str],
        &recovery.templates as &[&str],
        recovery.limit,
    )
    .fetch_one(connection)
    .await?;
    Ok(recovered.unsigned_abs())
}

/// Ends what waits for somebody in categories that were switched off. Answers how many.
pub async fn skip(
    connection: &mut PgConnection,
    user_id: Uuid,
    categories: &[&str],
) -> Result<u64, sqlx::Error> {
    let skipped = sqlx::query_scalar!(
        r#"WITH skipped AS (
             UPDATE notifications
             SET state = 'skipped',
                 next_attempt_at = NULL,
                 lease_owner = NULL,
                 lease_until = NULL,
                 secrets = NULL,
                 update_time = now()
             WHERE user_id = $1
               AND category = ANY($2)
               AND next_attempt_at IS NOT NULL
               AND state <> 'sending'
             RETURNING notification_id, attempts
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, detail)
             SELECT notification_id, 'skipped', attempts, $3
             FROM skipped
         )
         SELECT count(*) AS "count!" FROM skipped"#,
        user_id,
        categories as &[&str],
        crate::preferences::SWITCHED_OFF,
    )
    .fetch_one(connection)
    .await?;
    Ok(skipped.unsigned_abs())
}
