//! The two writes around each attempt: that it begins, and how it ended. One statement carries both, for many mails.

use std::time::Duration;

use outbox::EncodedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

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
    /// Added to the attempts counted at its beginning: -1 takes an attempt back that was none, +1 counts one that never
    /// began.
    pub attempts_change: i32,
    /// What the server said.
    pub reply: Option<Reply>,
    /// What is to be known besides.
    pub detail: Option<String>,
    /// What is published if this is written.
    pub report: Option<EncodedEvent>,
}

/// A settlement that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// Which mail.
    pub template: String,
    /// Its new state.
    pub state: String,
    /// Set where it will be tried again and a newer row may supersede it.
    pub supersede_key: Option<String>,
    /// Seconds since the row was made.
    pub age_seconds: f64,
    /// Seconds since the event that caused it.
    pub event_age_seconds: f64,
}

/// What [`record`] has written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// The settlements. Those missing here were taken over meanwhile, and their new holder decides.
    pub settled: Vec<Settled>,
    /// The rows that may be sent. Those missing here were cancelled, expired or taken over meanwhile.
    pub begun: Vec<Uuid>,
}

/// Writes how attempts ended, with the events that report it, and marks other rows as `sending` before anything of
/// them is sent.
///
/// It is one statement, so without a transaction around it one round trip commits it. A repetition after a lost answer
/// allows again what it has allowed: of one lease there is only one attempt.
pub async fn record(
    connection: &mut PgConnection,
    owner: Uuid,
    settlements: &[Settlement],
    begins: &[Lease],
    lease: Duration,
) -> Result<Recorded, sqlx::Error> {
    let (ids, fences) = columns(&column(settlements, |s| s.lease));
    let (begin_ids, begin_fences) = columns(begins);
    let rows = sqlx::query_as!(
        Row,
        r#"WITH given AS (
             SELECT *
             FROM UNNEST($2::UUID[], $3::BIGINT[], $4::TEXT[], $5::FLOAT8[], $6::INTEGER[],
                         $7::INTEGER[], $8::TEXT[], $9::TEXT[], $10::UUID[], $11::TEXT[], $12::TEXT[],
                         $13::TEXT[], $14::TEXT[], $15::BYTEA[], $16::TEXT[], $17::TEXT[])
                 AS given (notification_id, fence, state, retry_seconds, attempts_change,
                           reply_code, reply_text, detail,
                           event_id, topic, event_key, event_type, source, payload, traceparent, tracestate)
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
             RETURNING n.notification_id, n.template, n.state, n.attempts, n.create_time, n.event_time,
                       CASE WHEN n.next_attempt_at IS NOT NULL THEN n.supersede_key END AS supersede_key,
                       given.reply_code, given.reply_text, given.detail, given.event_id, given.topic,
                       given.event_key, given.event_type, given.source, given.payload, given.traceparent, given.tracestate
         ), reported AS (
             SELECT outbox.enqueue(
                 array_agg(event_id), array_agg(topic), array_agg(event_key), array_agg(event_type),
                 array_agg(source), array_agg(payload), array_agg(traceparent), array_agg(tracestate)) AS events
             FROM settled
             WHERE event_id IS NOT NULL
         ), leased AS (
             SELECT notification_id, fence
             FROM UNNEST($18::UUID[], $19::BIGINT[]) AS leased (notification_id, fence)
         ), begun AS (
             UPDATE notifications AS n
             SET state = 'sending',
                 attempts = n.attempts + 1,
                 lease_until = now() + $20::INTERVAL,
                 update_time = now()
             FROM leased
             WHERE n.notification_id = leased.notification_id
               AND n.fence = leased.fence
               AND n.lease_owner = $1
               AND n.state <> 'sending'
               AND n.next_attempt_at IS NOT NULL
               AND (n.deliver_before IS NULL OR n.deliver_before > now())
             RETURNING n.notification_id, n.attempts
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, reply_code, reply_text, detail)
             SELECT notification_id, state, attempts, reply_code, reply_text, detail
             FROM settled
             UNION ALL
             SELECT notification_id, 'sending', attempts, NULL, NULL, NULL
             FROM begun
         )
         SELECT NULL::UUID AS begun, template AS "template?", state AS "state?", supersede_key,
                EXTRACT(EPOCH FROM now() - create_time)::FLOAT8 AS "age_seconds?",
                EXTRACT(EPOCH FROM now() - event_time)::FLOAT8 AS "event_age_seconds?"
         FROM settled
         CROSS JOIN reported
         UNION ALL
         SELECT notification_id, NULL, NULL, NULL, NULL, NULL
         FROM begun
         UNION ALL
         SELECT n.notification_id, NULL, NULL, NULL, NULL, NULL
         FROM notifications AS n
         INNER JOIN leased USING (notification_id, fence)
         WHERE n.lease_owner = $1
           AND n.state = 'sending'"#,
        owner,
        &ids,
        &fences,
        &column(settlements, |s| s.state.name()) as &[&str],
        &column(settlements, |s| s.retry_in.map(|pause| pause.as_secs_f64())) as &[Option<f64>],
        &column(settlements, |s| s.attempts_change),
        &column(settlements, |s| s.reply.as_ref().map(|reply| i32::from(reply.code))) as &[Option<i32>],
        &column(settlements, |s| s.reply.as_ref().map(|reply| reply.text.as_str())) as &[Option<&str>],
        &column(settlements, |s| s.detail.as_deref()) as &[Option<&str>],
        &reported(settlements, |event| Some(event.id)) as &[Option<Uuid>],
        &reported(settlements, |event| Some(event.topic)) as &[Option<&str>],
        &reported(settlements, |event| Some(event.key.as_str())) as &[Option<&str>],
        &reported(settlements, |event| Some(event.event_type.as_str())) as &[Option<&str>],
        &reported(settlements, |event| Some(&*event.source)) as &[Option<&str>],
        &reported(settlements, |event| Some(event.payload.as_slice())) as &[Option<&[u8]>],
        &reported(settlements, |event| event.trace.traceparent.as_deref()) as &[Option<&str>],
        &reported(settlements, |event| event.trace.tracestate.as_deref()) as &[Option<&str>],
        &begin_ids,
        &begin_fences,
        interval(lease),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Either a row that was begun or what there is to know of one that was settled.
struct Row {
    begun: Option<Uuid>,
    template: Option<String>,
    state: Option<String>,
    supersede_key: Option<String>,
    age_seconds: Option<f64>,
    event_age_seconds: Option<f64>,
}

impl FromIterator<Row> for Recorded {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut recorded = Self::default();
        for row in rows {
            let Row { begun, template, state, supersede_key, age_seconds, event_age_seconds } = row;
            if let Some(notification_id) = begun {
                recorded.begun.push(notification_id);
            } else if let (Some(template), Some(state), Some(age_seconds), Some(event_age_seconds)) =
                (template, state, age_seconds, event_age_seconds)
            {
                recorded.settled.push(Settled {
                    template,
                    state,
                    supersede_key,
                    age_seconds,
                    event_age_seconds,
                });
            }
        }
        recorded
    }
}

fn columns(leases: &[Lease]) -> (Vec<Uuid>, Vec<i64>) {
    leases.iter().map(|lease| (lease.notification_id, lease.fence)).unzip()
}

fn column<'a, T>(settlements: &'a [Settlement], field: impl Fn(&'a Settlement) -> T) -> Vec<T> {
    settlements.iter().map(field).collect()
}

fn reported<'a, T>(
    settlements: &'a [Settlement],
    field: impl Fn(&'a EncodedEvent) -> Option<T>,
) -> Vec<Option<T>> {
    settlements.iter().map(|settlement| settlement.report.as_ref().and_then(&field)).collect()
}
