//! New rows, and those that newer rows make pointless.

use chrono::{DateTime, Utc};
use eventbus::{Position, TraceContext};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::recipients::Recipient;
use crate::notification::{InDoubtRule, Template};

/// A mail that somebody is to get.
#[derive(Clone, Debug)]
pub struct NewNotification {
    /// Its identifier.
    pub notification_id: Uuid,
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
    /// To whom.
    pub recipient: Recipient,
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

/// Enters notifications that are due at once; what is already there (same event, template and recipient) stays as it
/// is. Answers how many were new.
pub async fn enter(connection: &mut PgConnection, new: &[NewNotification]) -> Result<u64, sqlx::Error> {
    if new.is_empty() {
        return Ok(0);
    }
    let entered = sqlx::query_scalar!(
        r#"WITH entered AS (
             INSERT INTO notifications
                 (notification_id, event_id, event_time, template, category, priority, in_doubt_rule,
                  user_id, email, display_name, locale, time_zone,
                  variables, secrets, supersede_key, deliver_before, traceparent, tracestate,
                  event_type, topic, partition, record_offset,
                  state, next_attempt_at)
             SELECT given.*, 'pending', now()
             FROM UNNEST($1::UUID[], $2::UUID[], $3::TIMESTAMPTZ[], $4::TEXT[], $5::TEXT[], $6::SMALLINT[], $7::TEXT[],
                         $8::UUID[], $9::TEXT[], $10::TEXT[], $11::TEXT[], $12::TEXT[],
                         $13::JSONB[], $14::JSONB[], $15::TEXT[], $16::TIMESTAMPTZ[], $17::TEXT[], $18::TEXT[],
                         $19::TEXT[], $20::TEXT[], $21::INTEGER[], $22::BIGINT[]) AS given
             ON CONFLICT (event_id, template, user_id) DO NOTHING
             RETURNING notification_id
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt)
             SELECT notification_id, 'pending', 0
             FROM entered
         )
         SELECT count(*) AS "count!" FROM entered"#,
        &column(new, |n| n.notification_id),
        &column(new, |n| n.event_id),
        &column(new, |n| n.event_time),
        &column(new, |n| n.template.name()) as &[&str],
        &column(new, |n| n.template.category().name()) as &[&str],
        &column(new, |n| n.template.category().priority()),
        &column(new, |n| n.in_doubt_rule.name()) as &[&str],
        &column(new, |n| n.recipient.user_id),
        &column(new, |n| n.recipient.email.as_str()) as &[&str],
        &column(new, |n| n.recipient.display_name.as_str()) as &[&str],
        &column(new, |n| n.recipient.locale.as_str()) as &[&str],
        &column(new, |n| n.recipient.time_zone.as_str()) as &[&str],
        &column(new, |n| n.variables.clone()),
        &column(new, |n| n.secrets.clone()) as &[Option<Value>],
        &column(new, |n| n.supersede_key.as_deref()) as &[Option<&str>],
        &column(new, |n| n.deliver_before) as &[Option<DateTime<Utc>>],
        &column(new, |n| n.trace.traceparent.as_deref()) as &[Option<&str>],
        &column(new, |n| n.trace.tracestate.as_deref()) as &[Option<&str>],
        &column(new, |n| n.event_type.as_str()) as &[&str],
        &column(new, |n| n.topic.as_str()) as &[&str],
        &column(new, |n| n.position.map(Position::partition)) as &[Option<i32>],
        &column(new, |n| n.position.map(Position::offset)) as &[Option<i64>],
    )
    .fetch_one(connection)
    .await?;
    Ok(entered.unsigned_abs())
}

/// Cancels what is not the newest of its key and not on the wire. Answers how many were cancelled.
///
/// The order of arrival does not matter: an older event that comes late is cancelled by the newer one that is there.
pub async fn cancel_superseded(connection: &mut PgConnection, keys: &[String]) -> Result<u64, sqlx::Error> {
    if keys.is_empty() {
        return Ok(0);
    }
    let cancelled = sqlx::query_scalar!(
        r#"WITH superseded AS (
             SELECT notification_id
             FROM notifications AS older
             WHERE supersede_key = ANY($1)
               AND next_attempt_at IS NOT NULL
               AND state <> 'sending'
               AND EXISTS (
                   SELECT
                   FROM notifications AS newer
                   WHERE newer.supersede_key = older.supersede_key
                     AND (newer.event_time, newer.event_id) > (older.event_time, older.event_id)
               )
             ORDER BY notification_id
             FOR UPDATE
         ), cancelled AS (
             UPDATE notifications AS n
             SET state = 'cancelled',
                 next_attempt_at = NULL,
                 lease_owner = NULL,
                 lease_until = NULL,
                 secrets = NULL,
                 update_time = now()
             FROM superseded
             WHERE n.notification_id = superseded.notification_id
             RETURNING n.notification_id, n.attempts
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, detail)
             SELECT notification_id, 'cancelled', attempts, 'superseded by a newer one'
             FROM cancelled
         )
         SELECT count(*) AS "count!" FROM cancelled"#,
        keys,
    )
    .fetch_one(connection)
    .await?;
    Ok(cancelled.unsigned_abs())
}

/// Ends what is more for these accounts than [`Template::most_a_day`]. Answers how many were ended.
///
/// They count in the order of their events, and those that were ended count as well: so a repetition ends the same.
pub async fn skip_beyond_limits(
    connection: &mut PgConnection,
    user_ids: &[Uuid],
) -> Result<u64, sqlx::Error> {
    let limits =
        Template::ALL.into_iter().filter_map(|template| Some((template.name(), template.most_a_day()?)));
    let (templates, limits): (Vec<_>, Vec<_>) = limits.unzip();
    let skipped = sqlx::query_scalar!(
        r#"WITH counted AS (
             SELECT notification_id, most,
                    row_number() OVER (PARTITION BY user_id, template, (event_time AT TIME ZONE 'UTC')::DATE
                                       ORDER BY event_time, notification_id) AS number
             FROM notifications
             INNER JOIN UNNEST($2::TEXT[], $3::BIGINT[]) AS limited (template, most) USING (template)
             WHERE user_id = ANY($1)
               -- What is older has expired.
               AND event_time > now() - INTERVAL '4 days'
         ), beyond AS (
             SELECT n.notification_id, most
             FROM counted
             INNER JOIN notifications AS n USING (notification_id)
             WHERE number > most
               AND n.state = 'pending'
               AND n.next_attempt_at IS NOT NULL
             ORDER BY n.notification_id
             FOR UPDATE OF n
         ), skipped AS (
             UPDATE notifications AS n
             SET state = 'skipped',
                 next_attempt_at = NULL,
                 lease_owner = NULL,
                 lease_until = NULL,
                 secrets = NULL,
                 update_time = now()
             FROM beyond
             WHERE n.notification_id = beyond.notification_id
             RETURNING n.notification_id, n.attempts, beyond.most
         ), noted AS (
             INSERT INTO notification_timeline (notification_id, state, attempt, detail)
             SELECT notification_id, 'skipped', attempts,
                    format('%s mails of this kind a day are enough for one recipient; this is one more', most)
             FROM skipped
         )
         SELECT count(*) AS "count!" FROM skipped"#,
        user_ids,
        &templates as &[&str],
        &limits,
    )
    .fetch_one(connection)
    .await?;
    Ok(skipped.unsigned_abs())
}

fn column<'a, T>(new: &'a [NewNotification], field: impl Fn(&'a NewNotification) -> T) -> Vec<T> {
    new.iter().map(field).collect()
}
