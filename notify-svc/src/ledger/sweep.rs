//! What time alone changes: deadlines that pass and workers that are not heard of any more.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::interval;

/// Most rows that end at once: after a long outage there may be more than one answer has time for.
const MOST: i64 = 2_000;

/// Ends what is past its `deliver_before` and not on the wire, some of it if it is much. Answers the templates of what
/// ended.
pub async fn expire(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "WITH late AS (
             SELECT notification_id
             FROM notifications
             WHERE deliver_before <= now()
               AND next_attempt_at IS NOT NULL
               AND state <> 'sending'
             LIMIT $1
             FOR UPDATE SKIP LOCKED
         ), expired AS (
             UPDATE notifications AS n
             SET state = 'expired',
                 next_attempt_at = NULL,
                 lease_owner = NULL,
                 lease_until = NULL,
                 secrets = NULL,
                 update_time = now()
             FROM late
             WHERE n.notification_id = late.notification_id
             RETURNING n.notification_id, n.attempts, n.template
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, detail)
             SELECT notification_id, 'expired', attempts, 'not delivered before its time was over'
             FROM expired
         )
         SELECT template FROM expired",
        MOST,
    )
    .fetch_all(connection)
    .await
}

/// A row that was taken from a dead worker.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The notification.
    pub notification_id: Uuid,
    /// Whom it is for.
    pub user_id: Uuid,
    /// Which mail.
    pub template: String,
    /// Set where a newer row may supersede it.
    pub supersede_key: Option<String>,
    /// The trace of the event.
    pub traceparent: Option<String>,
    /// What tracing vendors add to it.
    pub tracestate: Option<String>,
}

/// Takes the rows of workers that died while sending: whether the mail went out is unknown, so each is `in_doubt`,
/// and its rule decides whether it is tried again after `pause`.
pub async fn recover(connection: &mut PgConnection, pause: Duration) -> Result<Vec<Recovered>, sqlx::Error> {
    sqlx::query_as!(
        Recovered,
        "WITH orphaned AS (
             SELECT notification_id
             FROM notifications
             WHERE lease_until < now()
               AND lease_owner IS NOT NULL
               AND state = 'sending'
             FOR UPDATE SKIP LOCKED
         ), recovered AS (
             UPDATE notifications AS n
             SET state = 'in_doubt',
                 next_attempt_at = CASE n.in_doubt_rule WHEN 'resend' THEN now() + $1::INTERVAL END,
                 secrets = CASE n.in_doubt_rule WHEN 'resend' THEN n.secrets END,
                 lease_owner = NULL,
                 lease_until = NULL,
                 fence = n.fence + 1,
                 update_time = now()
             FROM orphaned
             WHERE n.notification_id = orphaned.notification_id
             RETURNING n.notification_id, n.user_id, n.template, n.state, n.attempts, n.supersede_key,
                       n.traceparent, n.tracestate
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, detail)
             SELECT notification_id, state, attempts, 'the worker was not heard of any more while it was sending'
             FROM recovered
         )
         SELECT notification_id, user_id, template, supersede_key, traceparent, tracestate
         FROM recovered",
        interval(pause),
    )
    .fetch_all(connection)
    .await
}
