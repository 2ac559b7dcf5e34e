//! Taking due rows, keeping them, giving them back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::attempts::Lease;
use super::interval;

/// A row that a worker holds.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The notification.
    pub notification_id: Uuid,
    /// Whom it is for.
    pub user_id: Uuid,
    /// The number of this lease.
    pub fence: i64,
    /// Attempts before this one.
    pub attempts: i32,
    /// Which mail.
    pub template: String,
    /// What happens if its outcome is unknown.
    pub in_doubt_rule: String,
    /// The address.
    pub email: String,
    /// The recipient's name.
    pub display_name: String,
    /// The recipient's language.
    pub locale: String,
    /// The recipient's time zone.
    pub time_zone: String,
    /// What the templates need to know.
    pub variables: Value,
    /// Sealed values for them.
    pub secrets: Option<Value>,
    /// When the event happened.
    pub event_time: DateTime<Utc>,
    /// When the row was made.
    pub create_time: DateTime<Utc>,
    /// When it is of no use any more.
    pub deliver_before: Option<DateTime<Utc>>,
    /// The trace of the event.
    pub traceparent: Option<String>,
    /// What tracing vendors add to it.
    pub tracestate: Option<String>,
}

/// Takes up to `limit` rows that are due: by priority, then the longest waiting first.
pub async fn claim(
    database: impl PgExecutor<'_>,
    owner: Uuid,
    limit: i64,
    lease: Duration,
) -> Result<Vec<Claim>, sqlx::Error> {
    sqlx::query_as!(
        Claim,
        "WITH due AS (
             SELECT notification_id
             FROM notifications
             WHERE next_attempt_at <= now()
               AND state <> 'sending'
               AND (lease_until IS NULL OR lease_until < now())
               AND (deliver_before IS NULL OR deliver_before > now())
             ORDER BY priority, next_attempt_at
             LIMIT $2
             FOR UPDATE SKIP LOCKED
         )
         UPDATE notifications AS n
         SET lease_owner = $1,
             lease_until = now() + $3,
             fence = n.fence + 1
         FROM due
         WHERE n.notification_id = due.notification_id
         RETURNING n.notification_id, n.user_id, n.fence, n.attempts, n.template, n.in_doubt_rule,
                   n.email, n.display_name, n.locale, n.time_zone,
                   n.variables, n.secrets, n.event_time, n.create_time,
                   -- What no calendar here can hold is as good as never, and shall not spoil the whole answer.
                   LEAST(n.deliver_before, '9999-12-31Z') AS deliver_before,
                   n.traceparent, n.tracestate",
        owner,
        limit,
        interval(lease),
    )
    .fetch_all(database)
    .await
}

/// Prolongs those of the `held` leases of which a fifth has passed; so each has four fifths left after a success. Rows
/// that are being written at this moment need no prolonging. Answers which were prolonged.
///
/// The ledger may show more rows of this owner than it knows of: those whose claim's answer was lost, or whose release
/// failed. They are left to come free.
pub async fn prolong(
    database: impl PgExecutor<'_>,
    owner: Uuid,
    held: &[Lease],
    lease: Duration,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let (ids, fences): (Vec<_>, Vec<_>) =
        held.iter().map(|lease| (lease.notification_id, lease.fence)).unzip();
    sqlx::query_scalar!(
        "WITH held AS (
             SELECT notification_id
             FROM notifications
             INNER JOIN UNNEST($4::UUID[], $5::BIGINT[]) AS known (notification_id, fence)
                 USING (notification_id, fence)
             WHERE lease_owner = $1
               AND lease_until < now() + $3
             FOR UPDATE OF notifications SKIP LOCKED
         )
         UPDATE notifications AS n
         SET lease_until = now() + $2
         FROM held
         WHERE n.notification_id = held.notification_id
         RETURNING n.notification_id",
        owner,
        interval(lease),
        interval(lease * 4 / 5),
        &ids,
        &fences,
    )
    .fetch_all(database)
    .await
}

/// Gives back rows that were not begun.
pub async fn release(
    database: impl PgExecutor<'_>,
    owner: Uuid,
    notification_ids: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE notifications
         SET lease_owner = NULL,
             lease_until = NULL
         WHERE notification_id = ANY($2)
           AND lease_owner = $1
           AND state <> 'sending'",
        owner,
        notification_ids,
    )
    .execute(database)
    .await?;
    Ok(())
}

/// A claimed row that is not to be sent now.
#[derive(Clone, Debug)]
pub struct HeldBack {
    /// The row.
    pub notification_id: Uuid,
    /// The number of the lease.
    pub fence: i64,
    /// When it may be sent; `None` is never.
    pub until: Option<DateTime<Utc>>,
    /// Why, in our words.
    pub detail: String,
}

/// Gives back rows that their recipients do not want now, or ends them. Answers how many were ended.
pub async fn hold_back(
    database: impl PgExecutor<'_>,
    owner: Uuid,
    rows: &[HeldBack],
) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query_scalar!(
        r#"WITH given AS (
             SELECT *
             FROM UNNEST($2::UUID[], $3::BIGINT[], $4::TIMESTAMPTZ[], $5::TEXT[])
                 AS given (notification_id, fence, until, detail)
         ), held AS (
             UPDATE notifications AS n
             SET state = CASE WHEN given.until IS NULL THEN 'skipped' ELSE n.state END,
                 next_attempt_at = given.until,
                 secrets = CASE WHEN given.until IS NULL THEN NULL ELSE n.secrets END,
                 lease_owner = NULL,
                 lease_until = NULL,
                 update_time = now()
             FROM given
             WHERE n.notification_id = given.notification_id
               AND n.fence = given.fence
               AND n.lease_owner = $1
               AND n.state <> 'sending'
             RETURNING n.notification_id, n.state, n.attempts, given.detail
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, detail)
             SELECT notification_id, state, attempts, detail
             FROM held
         )
         SELECT count(*) AS "count!"
         FROM held
         WHERE state = 'skipped'"#,
        owner,
        &rows.iter().map(|row| row.notification_id).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.fence).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &rows.iter().map(|row| row.detail.clone()).collect::<Vec<_>>(),
    )
    .fetch_one(database)
    .await?;
    Ok(ended.unsigned_abs())
}
