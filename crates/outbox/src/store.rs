//! The SQL of the outbox.

use eventbus::{Envelope, TraceContext};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::encoded_event::EncodedEvent;

/// The name of the notification that a transaction with events has committed.
pub(crate) const CHANNEL: &str = "outbox";

/// Identifies the lock of the active relay among the advisory locks of a database ("outbox" in ASCII).
const LEADER_LOCK: i64 = 0x6f75_7462_6f78;

/// An event to publish.
pub(crate) struct Pending {
    pub(crate) position: i64,
    /// How often the broker has refused it.
    pub(crate) refusals: i32,
    pub(crate) envelope: Envelope,
}

/// An event that was parked.
pub(crate) struct Parked {
    pub(crate) event_id: Uuid,
    pub(crate) event_type: String,
}

pub(crate) async fn insert(connection: &mut PgConnection, events: &[EncodedEvent]) -> sqlx::Result<()> {
    sqlx::query_scalar!(
        "SELECT outbox.enqueue($1, $2, $3, $4, $5, $6, $7, $8)",
        &column(events, |event| event.id),
        &column(events, |event| event.topic) as &[&str],
        &column(events, |event| event.key.as_str()) as &[&str],
        &column(events, |event| event.event_type.as_str()) as &[&str],
        &column(events, |event| &*event.source) as &[&str],
        &column(events, |event| event.payload.as_slice()) as &[&[u8]],
        &column(events, |event| event.trace.traceparent.as_deref()) as &[Option<&str>],
        &column(events, |event| event.trace.tracestate.as_deref()) as &[Option<&str>],
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

fn column<'a, T>(events: &'a [EncodedEvent], field: impl Fn(&'a EncodedEvent) -> T) -> Vec<T> {
    events.iter().map(field).collect()
}

/// The first pending events in the order of their positions, without those at `excluded`: up to `limit` of them, and no
/// more once they have `max_bytes`.
pub(crate) async fn pending(
    connection: &mut PgConnection,
    limit: i64,
    max_bytes: i64,
    excluded: &[i64],
) -> sqlx::Result<Vec<Pending>> {
    let rows = sqlx::query!(
        r#"SELECT position AS "position!", attempts AS "attempts!", event_id AS "event_id!", topic AS "topic!",
             event_key AS "event_key!", event_type AS "event_type!", source AS "source!", payload AS "payload!",
             traceparent, tracestate, create_time AS "create_time!"
         FROM (
             SELECT head.position, attempts, event_id, topic, event_key, event_type, source, payload, traceparent,
                 tracestate, create_time,
                 sum(octet_length(payload)) OVER (ORDER BY head.position) - octet_length(payload) AS bytes_before
             FROM (
                 SELECT position, event_id, attempts
                 FROM outbox.pending
                 WHERE position <> ALL($2)
                 ORDER BY position
                 LIMIT $1
             ) AS head
             INNER JOIN outbox.events USING (event_id)
         ) AS measured
         WHERE bytes_before < $3
         ORDER BY position"#,
        limit,
        excluded,
        max_bytes,
    )
    .fetch_all(connection)
    .await?;
    let pending = rows.into_iter().map(|row| Pending {
        position: row.position,
        refusals: row.attempts,
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
        "DELETE FROM outbox.pending
         WHERE position = ANY($1)",
        positions,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts a refusal of each event.
pub(crate) async fn count_refusals(
    connection: &mut PgConnection,
    positions: &[i64],
    reasons: &[String],
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE outbox.pending
         SET attempts = pending.attempts + 1,
             reason = refused.reason
         FROM UNNEST($1::BIGINT[], $2::TEXT[]) AS refused (position, reason)
         WHERE pending.position = refused.position",
        positions,
        reasons,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Parks those of the events that were refused `max_attempts` times, and returns them.
pub(crate) async fn park(
    connection: &mut PgConnection,
    positions: &[i64],
    max_attempts: i32,
) -> sqlx::Result<Vec<Parked>> {
    sqlx::query_as!(
        Parked,
        "WITH exhausted AS (
             DELETE FROM outbox.pending
             WHERE position = ANY($1)
             AND attempts >= $2
             RETURNING event_id, attempts, reason
         ),
         parked AS (
             INSERT INTO outbox.parked (event_id, attempts, reason)
             SELECT event_id, attempts, reason
             FROM exhausted
             RETURNING event_id
         )
         SELECT event_id, event_type
         FROM parked
         INNER JOIN outbox.events USING (event_id)",
        positions,
        max_attempts,
    )
    .fetch_all(connection)
    .await
}

/// Makes published events pending again, at their old positions; `from` is the lowest id.
pub(crate) async fn reset_published(executor: impl PgExecutor<'_>, from: Uuid) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "INSERT INTO outbox.pending (position, event_id)
         SELECT position, event_id
         FROM outbox.events
         WHERE event_id >= $1
         AND NOT EXISTS (
             SELECT
             FROM outbox.parked
             WHERE parked.event_id = events.event_id
         )
         ORDER BY event_id
         -- Who erases them waits, and then finds what was made pending. Both lock in the order of the ids.
         FOR KEY SHARE OF events
         ON CONFLICT (position) DO NOTHING",
        from,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` published events; `to` is the lowest id that stays.
pub(crate) async fn delete_published(
    executor: impl PgExecutor<'_>,
    to: Uuid,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM outbox.events
         WHERE event_id IN (
             SELECT event_id
             FROM outbox.events
             WHERE event_id < $1
             AND NOT EXISTS (
                 SELECT
                 FROM outbox.pending
                 WHERE pending.position = events.position
             )
             AND NOT EXISTS (
                 SELECT
                 FROM outbox.parked
                 WHERE parked.event_id = events.event_id
             )
             ORDER BY event_id
             LIMIT $2
         )",
        to,
        limit,
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes all events of a key, wherever they stand.
pub(crate) async fn delete_by_key(connection: &mut PgConnection, key: &str) -> sqlx::Result<u64> {
    let erased = sqlx::query!(
        "WITH theirs AS (
             SELECT event_id
             FROM outbox.events
             WHERE event_key = $1
             ORDER BY event_id
             FOR UPDATE
         )
         DELETE FROM outbox.events
         USING theirs
         WHERE events.event_id = theirs.event_id
         RETURNING events.event_id, events.position",
        key,
    )
    .fetch_all(&mut *connection)
    .await?;
    let (event_ids, positions): (Vec<_>, Vec<_>) =
        erased.into_iter().map(|event| (event.event_id, event.position)).unzip();
    // A statement of its own: it sees what a replay made pending while the rows above were waited for.
    sqlx::query!(
        "WITH no_longer_pending AS (
             DELETE FROM outbox.pending
             WHERE position = ANY($1)
         )
         DELETE FROM outbox.parked
         WHERE event_id = ANY($2)",
        &positions,
        &event_ids,
    )
    .execute(connection)
    .await?;
    Ok(positions.len() as u64)
}

/// Deletes what is pending of events that are gone, and answers how many: a replay that met the end of the retention.
pub(crate) async fn delete_orphans(executor: impl PgExecutor<'_>) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM outbox.pending
         WHERE NOT EXISTS (
             SELECT
             FROM outbox.events
             WHERE events.event_id = pending.event_id
         )",
    )
    .execute(executor)
    .await?;
    Ok(done.rows_affected())
}

/// Pending events, the age of the oldest in seconds, and parked events.
pub(crate) async fn count(executor: impl PgExecutor<'_>) -> sqlx::Result<(i64, Option<f64>, i64)> {
    let row = sqlx::query!(
        r#"SELECT
             (SELECT count(*) FROM outbox.pending) AS "pending!",
             (SELECT count(*) FROM outbox.parked) AS "parked!",
             (
                 SELECT EXTRACT(EPOCH FROM clock_timestamp() - create_time)::FLOAT8
                 FROM outbox.pending
                 INNER JOIN outbox.events USING (event_id)
                 ORDER BY pending.position
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
/// server notices within half a minute when the machine of the active relay has vanished, and frees its lock. Its one
/// join is a short list against a primary key; without statistics the planner may think otherwise.
pub(crate) async fn configure(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(
        "SET synchronous_commit = off;
         SET tcp_keepalives_idle = 10;
         SET tcp_keepalives_interval = 5;
         SET tcp_keepalives_count = 3;
         SET enable_hashjoin = off;
         SET enable_mergejoin = off",
    )
    .execute(connection)
    .await?;
    Ok(())
}
