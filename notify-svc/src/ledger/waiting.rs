//! Notifications that wait for their recipient to become known.
//!
//! An intake that finds no recipient and one that takes the registration in may not see each other's rows. Neither locks
//! for the other's sake: what slips through is found by [`settle`], which is called again and again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use eventbus::{Position, TraceContext};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::interval;
use crate::notification::{InDoubtRule, Template};

/// Most notifications that wait for one account.
const OF_ONE: i64 = 32;
/// Most that wait in all.
const OF_ALL: i64 = 20_000;
/// How long a registration is waited for; what is of no use any more does not wait so long.
const PATIENCE: Duration = Duration::from_hours(24);

/// A notification without its recipient.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its identifier.
    pub notification_id: Uuid,
    /// Whom it is for.
    pub user_id: Uuid,
    /// The event that caused it.
    pub event_id: Uuid,
    /// When that happened.
    pub event_time: DateTime<Utc>,
    /// The type of the event.
    pub event_type: String,
    /// The topic it came from.
    pub topic: String,
    /// Where it lay there, if that is known.
    pub position: Option<Position>,
    /// Which mail.
    pub template: Template,
    /// What happens if its outcome is unknown.
    pub in_doubt_rule: InDoubtRule,
    /// What its templates need to know.
    pub variables: Value,
    /// What they need to know but nobody may read.
    pub secrets: Option<Value>,
    /// Rows with the same key are superseded by the newest.
    pub supersede_key: Option<String>,
    /// When it is of no use any more.
    pub deliver_before: Option<DateTime<Utc>>,
    /// The trace it belongs to.
    pub trace: TraceContext,
}

/// Lets notifications wait, as many as may. Answers the events of those for which there is no place.
pub async fn keep(connection: &mut PgConnection, waiting: &[Waiting]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"WITH given AS (
             SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY number) AS place
             FROM UNNEST($1::UUID[], $2::UUID[], $3::TIMESTAMPTZ[], $4::TEXT[], $5::TEXT[], $6::INTEGER[], $7::BIGINT[],
                         $8::TEXT[], $9::TEXT[], $10::SMALLINT[], $11::TEXT[], $12::UUID[], $13::JSONB[], $14::JSONB[],
                         $15::TEXT[], $16::TIMESTAMPTZ[], $17::TEXT[], $18::TEXT[])
                 WITH ORDINALITY AS given (notification_id, event_id, event_time, event_type, topic, partition,
                                           record_offset, template, category, priority, in_doubt_rule, user_id,
                                           variables, secrets, supersede_key, deliver_before, traceparent, tracestate,
                                           number)
         ), judged AS (
             SELECT *,
                 EXISTS (
                     SELECT
                     FROM waiting_notifications AS known
                     WHERE known.event_id = given.event_id
                       AND known.template = given.template
                       AND known.user_id = given.user_id
                 ) AS known,
                 place + (
                     SELECT count(*)
                     FROM waiting_notifications AS others
                     WHERE others.user_id = given.user_id
                 ) <= $19 AND number + (SELECT count(*) FROM waiting_notifications) <= $20 AS fits
             FROM given
         ), kept AS (
             INSERT INTO waiting_notifications
                 (notification_id, event_id, event_time, event_type, topic, partition, record_offset, template, category,
                  priority, in_doubt_rule, user_id, variables, secrets, supersede_key, deliver_before, traceparent,
                  tracestate)
             SELECT notification_id, event_id, event_time, event_type, topic, partition, record_offset, template,
                    category, priority, in_doubt_rule, user_id, variables, secrets, supersede_key, deliver_before,
                    traceparent, tracestate
             FROM judged
             WHERE fits AND NOT known
             ON CONFLICT (event_id, template, user_id) DO NOTHING
         )
         SELECT event_id AS "event_id!"
         FROM judged
         WHERE NOT fits AND NOT known"#,
        &column(waiting, |n| n.notification_id),
        &column(waiting, |n| n.event_id),
        &column(waiting, |n| n.event_time),
        &column(waiting, |n| n.event_type.as_str()) as &[&str],
        &column(waiting, |n| n.topic.as_str()) as &[&str],
        &column(waiting, |n| n.position.map(Position::partition)) as &[Option<i32>],
        &column(waiting, |n| n.position.map(Position::offset)) as &[Option<i64>],
        &column(waiting, |n| n.template.name()) as &[&str],
        &column(waiting, |n| n.template.category().name()) as &[&str],
        &column(waiting, |n| n.template.category().priority()),
        &column(waiting, |n| n.in_doubt_rule.name()) as &[&str],
        &column(waiting, |n| n.user_id),
        &column(waiting, |n| n.variables.clone()),
        &column(waiting, |n| n.secrets.clone()) as &[Option<Value>],
        &column(waiting, |n| n.supersede_key.as_deref()) as &[Option<&str>],
        &column(waiting, |n| n.deliver_before) as &[Option<DateTime<Utc>>],
        &column(waiting, |n| n.trace.traceparent.as_deref()) as &[Option<&str>],
        &column(waiting, |n| n.trace.tracestate.as_deref()) as &[Option<&str>],
        OF_ONE,
        OF_ALL,
    )
    .fetch_all(connection)
    .await
}

/// What came of notifications whose recipient is known now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// How many were entered.
    pub entered: u64,
    /// The keys under which they supersede others.
    pub keys: Vec<String>,
    /// Whom they are for.
    pub user_ids: Vec<Uuid>,
}

/// Accounts for which something waits and that are known now, some of them if they are many.
pub async fn known(connection: &mut PgConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT DISTINCT user_id
         FROM waiting_notifications
         INNER JOIN recipients USING (user_id)
         LIMIT 1000"
    )
    .fetch_all(connection)
    .await
}

/// Enters what waited for one of the accounts and has a recipient now.
pub async fn arrive(connection: &mut PgConnection, user_ids: &[Uuid]) -> Result<Arrived, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH known AS (
             SELECT waiting.notification_id, person.email, person.display_name, person.locale, person.time_zone
             FROM waiting_notifications AS waiting
             INNER JOIN recipients AS person USING (user_id)
             WHERE waiting.user_id = ANY($1)
             ORDER BY waiting.notification_id
             FOR KEY SHARE OF person
         ), gone AS (
             DELETE FROM waiting_notifications AS waiting
             USING known
             WHERE waiting.notification_id = known.notification_id
             RETURNING waiting.*, known.email, known.display_name, known.locale, known.time_zone
         ), entered AS (
             INSERT INTO notifications
                 (notification_id, event_id, event_time, template, category, priority, in_doubt_rule,
                  user_id, email, display_name, locale, time_zone,
                  variables, secrets, supersede_key, deliver_before, traceparent, tracestate,
                  event_type, topic, partition, record_offset,
                  state, next_attempt_at)
             SELECT notification_id, event_id, event_time, template, category, priority, in_doubt_rule,
                    user_id, email, display_name, locale, time_zone,
                    variables, secrets, supersede_key, deliver_before, traceparent, tracestate,
                    event_type, topic, partition, record_offset,
                    'pending', now()
             FROM gone
             ON CONFLICT (event_id, template, user_id) DO NOTHING
             RETURNING notification_id, user_id, supersede_key
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, detail)
             SELECT notification_id, 'pending', 0, 'waited for the registration of its account'
             FROM entered
         )
         SELECT user_id, supersede_key FROM entered"#,
        user_ids,
    )
    .fetch_all(connection)
    .await?;
    let entered = rows.len() as u64;
    let user_ids = rows.iter().map(|row| row.user_id).collect();
    Ok(Arrived { entered, keys: rows.into_iter().filter_map(|row| row.supersede_key).collect(), user_ids })
}

/// Forgets what waited for accounts that are gone, for too long, or beyond its own time. Answers how many of the latter
/// two.
pub async fn settle(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM waiting_notifications AS waiting
         USING erased_accounts AS erased
         WHERE erased.user_id = waiting.user_id"
    )
    .execute(&mut *connection)
    .await?;
    let forgotten = sqlx::query!(
        "DELETE FROM waiting_notifications
         WHERE arrive_time < now() - $1::INTERVAL
            OR deliver_before <= now()",
        interval(PATIENCE),
    )
    .execute(connection)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Forgets what waited for accounts. Answers how much it was.
pub async fn erase(connection: &mut PgConnection, user_ids: &[Uuid]) -> Result<u64, sqlx::Error> {
    let erased = sqlx::query!("DELETE FROM waiting_notifications WHERE user_id = ANY($1)", user_ids)
        .execute(connection)
        .await?;
    Ok(erased.rows_affected())
}

fn column<'a, T>(waiting: &'a [Waiting], field: impl Fn(&'a Waiting) -> T) -> Vec<T> {
    waiting.iter().map(field).collect()
}
