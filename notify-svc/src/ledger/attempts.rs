//! The two writes around each attempt: that it begins, and how it ended.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::claims::Leases;
use super::interval;
use crate::notification::State;
use crate::smtp::Reply;

/// A lease on one row, as a worker names it in its writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease {
    /// The row.
    pub notification_id: Uuid,
    /// The number of the lease.
    pub fence: i64,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// Under which lease it was made.
    pub lease: Lease,
    /// The state from now on.
    pub state: State,
    /// When to try again; `None` makes the row final.
    pub retry_in: Option<Duration>,
    /// Added to the attempts counted by [`begin`]: -1 takes an attempt back that was none, +1 counts one that never
    /// began.
    pub attempts_change: i32,
    /// What the server said.
    pub reply: Option<Reply>,
    /// What is to be known besides.
    pub detail: Option<String>,
}

/// A settlement that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The notification.
    pub notification_id: Uuid,
    /// Whom it is for.
    pub user_id: Uuid,
    /// Which mail.
    pub template: String,
    /// Its new state.
    pub state: String,
    /// Attempts so far.
    pub attempts: i32,
    /// Whether it will be tried again.
    pub open: bool,
    /// Set where a newer row may supersede it.
    pub supersede_key: Option<String>,
    /// Seconds since the row was made.
    pub age_seconds: f64,
}

/// Marks rows as `sending`, before anything of them is sent. Answers those that may be sent; the others were
/// cancelled, expired or taken over meanwhile.
pub async fn begin(
    connection: &mut PgConnection,
    owner: Uuid,
    leases: &[Lease],
    times: Leases,
) -> Result<Vec<Uuid>, sqlx::Error> {
    if leases.is_empty() {
        return Ok(Vec::new());
    }
    let (ids, fences) = columns(leases);
    sqlx::query_scalar!(
        "WITH begun AS (
             UPDATE notifications AS n
             SET state = 'sending',
                 attempts = n.attempts + 1,
                 lease_until = now() + $4,
                 update_time = now()
             FROM UNNEST($2::UUID[], $3::BIGINT[]) AS given (notification_id, fence)
             WHERE n.notification_id = given.notification_id
               AND n.fence = given.fence
               AND n.lease_owner = $1
               AND n.state <> 'sending'
               AND n.next_attempt_at IS NOT NULL
               AND (n.deliver_before IS NULL OR n.deliver_before > now())
             RETURNING n.notification_id, n.attempts
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt)
             SELECT notification_id, 'sending', attempts
             FROM begun
         )
         SELECT notification_id FROM begun",
        owner,
        &ids,
        &fences,
        interval(times.sending),
    )
    .fetch_all(connection)
    .await
}

/// Writes how attempts ended. Answers those that were written; the others were taken over meanwhile, and their new
/// holder decides.
pub async fn settle(
    connection: &mut PgConnection,
    owner: Uuid,
    settlements: &[Settlement],
) -> Result<Vec<Settled>, sqlx::Error> {
    if settlements.is_empty() {
        return Ok(Vec::new());
    }
    let (ids, fences) = columns(&column(settlements, |s| s.lease));
    sqlx::query_as!(
        Settled,
        r#"WITH given AS (
             SELECT *
             FROM UNNEST($2::UUID[], $3::BIGINT[], $4::TEXT[], $5::FLOAT8[], $6::INTEGER[],
                         $7::INTEGER[], $8::TEXT[], $9::TEXT[])
                 AS given (notification_id, fence, state, retry_seconds, attempts_change,
                           reply_code, reply_text, detail)
         ), settled AS (
             UPDATE notifications AS n
             SET state = given.state,
                 attempts = n.attempts + given.attempts_change,
                 next_attempt_at = now() + make_interval(secs => given.retry_seconds),
                 secrets = CASE WHEN given.retry_seconds IS NULL THEN NULL ELSE n.secrets END,
                 lease_owner = NULL,
                 lease_until = NULL,
                 update_time = now()
             FROM given
             WHERE n.notification_id = given.notification_id
               AND n.fence = given.fence
               AND n.lease_owner = $1
             RETURNING n.notification_id, n.user_id, n.template, n.state, n.attempts, n.supersede_key,
                       n.next_attempt_at IS NOT NULL AS open,
                       EXTRACT(EPOCH FROM now() - n.create_time)::FLOAT8 AS age_seconds,
                       given.reply_code, given.reply_text, given.detail
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, reply_code, reply_text, detail)
             SELECT notification_id, state, attempts, reply_code, reply_text, detail
             FROM settled
         )
         SELECT notification_id, user_id, template, state, attempts, supersede_key,
                open AS "open!", age_seconds AS "age_seconds!"
         FROM settled"#,
        owner,
        &ids,
        &fences,
        &column(settlements, |s| s.state.name()) as &[&str],
        &column(settlements, |s| s.retry_in.map(|pause| pause.as_secs_f64())) as &[Option<f64>],
        &column(settlements, |s| s.attempts_change),
        &column(settlements, |s| s.reply.as_ref().map(|reply| i32::from(reply.code))) as &[Option<i32>],
        &column(settlements, |s| s.reply.as_ref().map(|reply| reply.text.as_str())) as &[Option<&str>],
        &column(settlements, |s| s.detail.as_deref()) as &[Option<&str>],
    )
    .fetch_all(connection)
    .await
}

fn columns(leases: &[Lease]) -> (Vec<Uuid>, Vec<i64>) {
    leases.iter().map(|lease| (lease.notification_id, lease.fence)).unzip()
}

fn column<'a, T>(settlements: &'a [Settlement], field: impl Fn(&'a Settlement) -> T) -> Vec<T> {
    settlements.iter().map(field).collect()
}
