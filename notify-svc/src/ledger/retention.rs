//! The end of old rows.
//!
//! A row is also the memory that an event was dealt with, so a row of an event that may still come again must not go.
//! The intake takes no mail from events older than the retention; rows go a day after that.

use std::time::Duration;

use chrono::Utc;
use sqlx::PgPool;
use uuid::{Builder, Uuid};

use super::interval;

/// How much longer rows stay than events count: more than clocks differ.
const MARGIN: Duration = Duration::from_hours(24);
/// Short transactions keep out of the way of the mails.
const BATCH: i64 = 1_000;

/// Deletes final notifications and dead letters that are older than `retention`. Answers how many notifications.
pub async fn prune(pool: &PgPool, retention: Duration) -> Result<u64, sqlx::Error> {
    let age = interval(retention + MARGIN);
    // A row is as old as its identifier: this keeps the search to the beginning of the primary key.
    let young = lowest_id(retention + MARGIN);
    let mut deleted = 0;
    loop {
        let batch = sqlx::query_scalar!(
            r#"WITH old AS (
                 SELECT notification_id
                 FROM notifications
                 WHERE update_time < now() - $1::INTERVAL
                   AND event_time < now() - $1::INTERVAL
                   AND next_attempt_at IS NULL
                   AND notification_id < $3
                 LIMIT $2
                 FOR UPDATE SKIP LOCKED
             ), gone AS (
                 DELETE FROM notifications AS n
                 USING old
                 WHERE n.notification_id = old.notification_id
                 RETURNING n.notification_id
             ), forgotten AS (
                 DELETE FROM notification_timeline AS t
                 USING gone
                 WHERE t.notification_id = gone.notification_id
             )
             SELECT count(*) AS "count!" FROM gone"#,
            age,
            BATCH,
            young,
        )
        .fetch_one(pool)
        .await?;
        deleted += batch.unsigned_abs();
        if batch < BATCH {
            break;
        }
    }
    sqlx::query!("DELETE FROM dead_letters WHERE arrive_time < now() - $1::INTERVAL", age)
        .execute(pool)
        .await?;
    Ok(deleted)
}

/// The lowest UUIDv7 of the time `age` ago.
#[expect(clippy::disallowed_methods, reason = "age is counted from now")]
fn lowest_id(age: Duration) -> Uuid {
    let milliseconds = u64::try_from((Utc::now() - age).timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}
