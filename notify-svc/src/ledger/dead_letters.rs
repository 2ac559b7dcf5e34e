//! The dead letters of all consumer groups.

use chassis::paging::Page;
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A dead letter.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its identifier.
    pub dead_letter_id: Uuid,
    /// The group that gave the record up.
    pub consumer_group: String,
    /// Where the record came from.
    pub origin_topic: String,
    /// From which partition.
    pub origin_partition: i32,
    /// At which position.
    pub origin_offset: i64,
    /// `undecodable`, `forged`, `rejected` or `retries_exhausted`.
    pub reason: String,
    /// What the consumer said.
    pub message: String,
    /// How often it was tried.
    pub attempts: i32,
    /// The event in it, where it is one.
    pub event_id: Option<Uuid>,
    /// The type of the event.
    pub event_type: Option<String>,
    /// Key of the record.
    pub record_key: Option<Vec<u8>>,
    /// Value of the record; in a list only where it is short.
    pub payload: Option<Vec<u8>>,
    /// Size of the value.
    pub size_bytes: i32,
    /// When the record was written.
    pub record_time: Option<DateTime<Utc>>,
    /// Names of the record's headers.
    pub header_names: Vec<String>,
    /// Their values.
    pub header_values: Vec<Option<Vec<u8>>>,
    /// When it arrived.
    pub arrive_time: DateTime<Utc>,
    /// Set while the last thing that happened to it was a replay.
    pub replay_time: Option<DateTime<Utc>>,
    /// How often it was replayed.
    pub replays: i32,
}

/// A dead letter on its way into the table.
#[derive(Clone, Debug)]
pub struct NewLetter {
    /// The letter; what it says of its arrival and its replays is not stored.
    pub letter: Letter,
    /// Tells it from the others of its group and topic.
    pub identity: String,
    /// The account that is its key.
    pub user_id: Option<Uuid>,
}

/// The longest value that a list reads.
const SHORT: i32 = 8 * 1024;

/// Which dead letters; `None` is all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of which group.
    pub consumer_group: Option<String>,
    /// Of which type.
    pub event_type: Option<String>,
    /// Whether those are among them that were replayed and did not come back.
    pub include_replayed: bool,
}

/// Stores a dead letter. One that is known and came back, to judge by its new position, counts as not replayed.
pub async fn store(connection: &mut PgConnection, new: &NewLetter) -> Result<(), sqlx::Error> {
    let NewLetter { letter, identity, user_id } = new;
    sqlx::query!(
        "INSERT INTO dead_letters
             (dead_letter_id, consumer_group, origin_topic, identity, origin_partition, origin_offset, reason, message,
              attempts, event_id, event_type, user_id, record_key, payload, record_time, header_names, header_values)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (consumer_group, origin_topic, identity) DO UPDATE
         SET origin_partition = EXCLUDED.origin_partition,
             origin_offset = EXCLUDED.origin_offset,
             reason = EXCLUDED.reason,
             message = EXCLUDED.message,
             attempts = EXCLUDED.attempts,
             arrive_time = now(),
             replay_time = NULL
         WHERE (dead_letters.origin_partition, dead_letters.origin_offset)
             <> (EXCLUDED.origin_partition, EXCLUDED.origin_offset)",
        letter.dead_letter_id,
        letter.consumer_group,
        letter.origin_topic,
        identity,
        letter.origin_partition,
        letter.origin_offset,
        letter.reason,
        letter.message,
        letter.attempts,
        letter.event_id,
        letter.event_type,
        *user_id,
        letter.record_key,
        letter.payload,
        letter.record_time,
        &letter.header_names,
        &letter.header_values as &[Option<Vec<u8>>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Answers dead letters without their headers and long values, newest first, and one more than the page holds if there
/// is one.
pub async fn search(
    connection: &mut PgConnection,
    filter: &Filter,
    page: &Page<Uuid>,
) -> Result<Vec<Letter>, sqlx::Error> {
    sqlx::query_as!(
        Letter,
        r#"SELECT dead_letter_id, consumer_group, origin_topic, origin_partition, origin_offset, reason,
                left(message, 1000) AS "message!", attempts,
                event_id, event_type,
                substring(record_key FOR 1024) AS record_key,
                CASE WHEN octet_length(payload) <= $6 THEN payload END AS payload,
                coalesce(octet_length(payload), 0) AS "size_bytes!", record_time, '{}'::TEXT[] AS "header_names!",
                '{}'::BYTEA[] AS "header_values!: Vec<Option<Vec<u8>>>", arrive_time, replay_time, replays
         FROM dead_letters
         WHERE ($1::TEXT IS NULL OR consumer_group = $1)
           AND ($2::TEXT IS NULL OR event_type = $2)
           AND ($3 OR replay_time IS NULL)
           AND dead_letter_id < $4
         ORDER BY dead_letter_id DESC
         LIMIT $5"#,
        filter.consumer_group,
        filter.event_type,
        filter.include_replayed,
        page.after.unwrap_or(Uuid::max()),
        page.limit(),
        SHORT,
    )
    .fetch_all(connection)
    .await
}

/// Answers one dead letter.
pub async fn find(
    connection: &mut PgConnection,
    dead_letter_id: Uuid,
) -> Result<Option<Letter>, sqlx::Error> {
    sqlx::query_as!(
        Letter,
        r#"SELECT dead_letter_id, consumer_group, origin_topic, origin_partition, origin_offset, reason, message, attempts,
                event_id, event_type, record_key, payload, coalesce(octet_length(payload), 0) AS "size_bytes!",
                record_time, header_names,
                header_values AS "header_values: Vec<Option<Vec<u8>>>", arrive_time, replay_time, replays
         FROM dead_letters
         WHERE dead_letter_id = $1"#,
        dead_letter_id,
    )
    .fetch_optional(connection)
    .await
}

/// Marks a dead letter as replayed at `now`, once more only if `force`. Answers it if it was marked.
pub async fn mark(
    connection: &mut PgConnection,
    dead_letter_id: Uuid,
    force: bool,
    now: DateTime<Utc>,
) -> Result<Option<Letter>, sqlx::Error> {
    sqlx::query_as!(
        Letter,
        r#"UPDATE dead_letters
         SET replay_time = $3,
             replays = replays + 1
         WHERE dead_letter_id = $1
           AND ($2 OR replay_time IS NULL)
         RETURNING dead_letter_id, consumer_group, origin_topic, origin_partition, origin_offset, reason, message, attempts,
                   event_id, event_type, record_key, payload, coalesce(octet_length(payload), 0) AS "size_bytes!",
                record_time, header_names,
                   header_values AS "header_values: Vec<Option<Vec<u8>>>", arrive_time, replay_time, replays"#,
        dead_letter_id,
        force,
        now,
    )
    .fetch_optional(connection)
    .await
}

/// Marks up to `limit` dead letters as replayed at `now`, oldest first, of those that are not and say where they came
/// from. Answers them.
pub async fn mark_many(
    connection: &mut PgConnection,
    filter: &Filter,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Letter>, sqlx::Error> {
    let mut marked = sqlx::query_as!(
        Letter,
        r#"WITH oldest AS (
             SELECT dead_letter_id
             FROM dead_letters
             WHERE ($1::TEXT IS NULL OR consumer_group = $1)
               AND ($2::TEXT IS NULL OR event_type = $2)
               AND replay_time IS NULL
               AND origin_topic <> ''
             ORDER BY dead_letter_id
             LIMIT $3
             FOR UPDATE SKIP LOCKED
         )
         UPDATE dead_letters AS letter
         SET replay_time = $4,
             replays = replays + 1
         FROM oldest
         WHERE letter.dead_letter_id = oldest.dead_letter_id
         RETURNING letter.dead_letter_id, consumer_group, origin_topic, origin_partition, origin_offset, reason, message,
                   attempts, event_id, event_type, record_key, payload, coalesce(octet_length(payload), 0) AS "size_bytes!",
                record_time, header_names,
                   header_values AS "header_values: Vec<Option<Vec<u8>>>", arrive_time, replay_time, replays"#,
        filter.consumer_group,
        filter.event_type,
        limit,
        now,
    )
    .fetch_all(connection)
    .await?;
    marked.sort_by_key(|letter| letter.dead_letter_id);
    Ok(marked)
}

/// Takes back the marks made at `marked` of letters that did not get through; they count as not replayed.
pub async fn unmark(
    connection: &mut PgConnection,
    dead_letter_ids: &[Uuid],
    marked: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE dead_letters
         SET replay_time = NULL,
             replays = replays - 1
         WHERE dead_letter_id = ANY($1)
           AND replay_time = $2",
        dead_letter_ids,
        marked,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many dead letters of a group wait for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The group.
    pub consumer_group: String,
    /// How many.
    pub count: i64,
}

/// Counts the dead letters that were not replayed, or came back.
pub async fn waiting(pool: &PgPool) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as!(
        Waiting,
        r#"SELECT consumer_group, count(*) AS "count!"
           FROM dead_letters
           WHERE replay_time IS NULL
           GROUP BY consumer_group"#,
    )
    .fetch_all(pool)
    .await
}
