//! Taking due rows, keeping them, giving them back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

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
    /// The trace of the event.
    pub traceparent: Option<String>,
    /// What tracing vendors add to it.
    pub tracestate: Option<String>,
}

/// How long a row stays with a worker that is not heard of any more.
#[derive(Clone, Copy, Debug)]
pub struct Leases {
    /// While it waits for a connection. Nothing has left yet, so it may go to another worker soon.
    pub claimed: Duration,
    /// While it may be on the wire. Taking it over too early may send it twice.
    pub sending: Duration,
}

impl Default for Leases {
    fn default() -> Self {
        Self { claimed: Duration::from_secs(10), sending: Duration::from_secs(20) }
    }
}

/// Takes up to `limit` rows that are due: by priority, then the longest waiting first.
pub async fn claim(
    pool: &PgPool,
    owner: Uuid,
    limit: i64,
    leases: Leases,
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
                   n.variables, n.secrets, n.event_time, n.create_time, n.traceparent, n.tracestate",
        owner,
        limit,
        interval(leases.claimed),
    )
    .fetch_all(pool)
    .await
}

/// Prolongs the leases of a living worker that end soon. Rows that are being written at this moment need no prolonging.
pub async fn prolong(pool: &PgPool, owner: Uuid, leases: Leases) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH held AS (
             SELECT notification_id
             FROM notifications
             WHERE lease_owner = $1
               AND lease_until < now() + $4
             FOR UPDATE SKIP LOCKED
         )
         UPDATE notifications AS n
         SET lease_until = now() + CASE n.state WHEN 'sending' THEN $3::INTERVAL ELSE $2::INTERVAL END
         FROM held
         WHERE n.notification_id = held.notification_id",
        owner,
        interval(leases.claimed),
        interval(leases.sending),
        interval(leases.claimed * 3 / 4),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Gives back rows that were not begun.
pub async fn release(pool: &PgPool, owner: Uuid, notification_ids: &[Uuid]) -> Result<(), sqlx::Error> {
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
    .execute(pool)
    .await?;
    Ok(())
}
