//! The SQL of the outbox.

use chrono::{DateTime, Utc};
use eventbus::{Envelope, TraceContext};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// The name of the notification that a transaction with events has committed.
pub(crate) const CHANNEL: &str = "outbox";

/// Identifies the lock of the active relay among the advisory locks of a database ("outbox" in ASCII).
const LEADER_LOCK: i64 = 0x6f75_7462_6f78;

/// Events of one type and trace.
pub(crate) struct NewEvents<'a> {
    pub(crate) ids: &'a [Uuid],
    pub(crate) keys: Vec<String>,
    pub(crate) payloads: Vec<Vec<u8>>,
    pub(crate) topic: &'a str,
    pub(crate) event_type: &'a str,
    pub(crate) source: &'a str,
    pub(crate) trace: TraceContext,
}

/// An event to publish.
pub(crate) struct Pending {
    pub(crate) position: i64,
    pub(crate) envelope: Envelope,
}

/// An event that was parked.
pub(crate) struct Parked {
    pub(crate) event_id: Uuid,
    pub(crate) event_type: String,
}

pub(crate) async fn insert(connection: &mut PgConnection, new: NewEvents<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO outbox.events (event_id, event_key, payload, topic, event_type, source, traceparent, tracestate)
         SELECT new.event_id, new.event_key, new.payload, $4, $5, $6, $7, $8
         FROM UNNEST($1::UUID[], $2::TEXT[], $3::BYTEA[])
             WITH ORDINALITY AS new (event_id, event_key, payload, number)
         ORDER BY new.number",
        new.ids,
        &new.keys,
        &new.payloads,
        new.topic,
        new.event_type,
        new.source,
        new.trace.traceparent,
        new.trace.tracestate,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The first pending events in the order of their positions.
pub(crate) async fn pending(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Pending>> {
    let rows = sqlx::query!(
        "SELECT position, event_id, topic, event_key, event_type, source, payload, traceparent, tracestate, create_time
         FROM outbox.events
         WHERE state = 'pending'
         ORDER BY position
         LIMIT $1",
        limit,
    )
    .fetch_all(connection)
    .await?;
    let pending = rows.into_iter().map(|row| Pending {
        position: row.position,
        envelope: Envelope {
            id: row.event_id,
            event_type: row.event_type,
            source: row.source,
            subject: row.event_key.clone(),
            time: row.create_time,
            topic: row.topic,
            key: row.event_key,
            payload: row.payload.into(),
            trace: TraceContext { traceparent: row.traceparent, tracestate: row.tracestate },
        },
    });
    Ok(pending.collect())
}

pub(crate) async fn mark_published(connection: &mut PgConnection, positions: &[i64]) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE outbox.events
         SET state = 'published', publish_time = now()
         WHERE position = ANY($1)
         AND state = 'pending'",
        positions,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts a refusal of each event and parks those that reach `max_attempts`, which are returned.
pub(crate) async fn mark_refused(
    connection: &mut PgConnection,
    positions: &[i64],
    reasons: &[String],
    max_attempts: i32,
) -> sqlx::Result<Vec<Parked>> {
    let rows = sqlx::query!(
        "UPDATE outbox.events AS event
         SET attempts = event.attempts + 1,
             reason = refused.reason,
             state = CASE WHEN event.attempts + 1 >= $3 THEN 'parked' ELSE 'pending' END
         FROM UNNEST($1::BIGINT[], $2::TEXT[]) AS refused (position, reason)
         WHERE event.position = refused.position
         AND event.state = 'pending'
         RETURNING event.event_id, event.event_type, event.state",
        positions,
        reasons,
        max_attempts,
    )
    .fetch_all(connection)
    .await?;
    let parked = rows.into_iter().filter(|row| row.state == "parked");
    Ok(parked.map(|row| Parked { event_id: row.event_id, event_type: row.event_type }).collect())
}

/// Makes published events pending again; `from` is the lowest id.
pub(crate) async fn reset_published(executor: impl PgExecutor<'_>, from: Uuid) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "UPDATE outbox.events
         SET state = 'pending', publish_time = NULL, attempts = 0
         WHERE event_id >= $1
         AND state = 'published'",
        from,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` events published before `cutoff`; `to` is the lowest id that a later event can have.
pub(crate) async fn delete_published(
    executor: impl PgExecutor<'_>,
    to: Uuid,
    cutoff: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM outbox.events
         WHERE event_id IN (
             SELECT event_id
             FROM outbox.events
             WHERE event_id < $1
             AND publish_time < $2
             AND state = 'published'
             ORDER BY event_id
             LIMIT $3
         )",
        to,
        cutoff,
        limit,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Pending events, the age of the oldest in seconds, and parked events.
pub(crate) async fn count(executor: impl PgExecutor<'_>) -> sqlx::Result<(i64, Option<f64>, i64)> {
    let row = sqlx::query!(
        r#"SELECT
             (SELECT count(*) FROM outbox.events WHERE state = 'pending') AS "pending!",
             (SELECT count(*) FROM outbox.events WHERE state = 'parked') AS "parked!",
             (
                 SELECT EXTRACT(EPOCH FROM clock_timestamp() - create_time)::FLOAT8
                 FROM outbox.events
                 WHERE state = 'pending'
                 ORDER BY position
                 LIMIT 1
             ) AS oldest_age_s"#,
    )
    .fetch_one(executor)
    .await?;
    Ok((row.pending, row.oldest_age_s, row.parked))
}

/// Takes the lock of the active relay for as long as the connection lives.
pub(crate) async fn try_lead(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "leads!""#, LEADER_LOCK)
        .fetch_one(connection)
        .await
}

pub(crate) async fn notify(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_notify($1, '') AS ignored", CHANNEL).execute(connection).await?;
    Ok(())
}

/// Prepares the connection of a relay.
///
/// A mark lost in a crash of the server repeats an event, which is allowed, so commits need not wait for the disk. The
/// server notices within half a minute when the machine of the active relay has vanished, and frees its lock.
pub(crate) async fn configure(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(
        "SET synchronous_commit = off;
         SET tcp_keepalives_idle = 10;
         SET tcp_keepalives_interval = 5;
         SET tcp_keepalives_count = 3",
    )
    .execute(connection)
    .await?;
    Ok(())
}
