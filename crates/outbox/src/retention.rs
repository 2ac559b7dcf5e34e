//! Published events are kept for a while, so that they can be published again to a broker that has lost them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::{Builder, Uuid};

use crate::store;

/// Short transactions keep out of the way of the business.
const PRUNE_BATCH: i64 = 5_000;

/// Makes the published events created since `since` pending again and returns how many; the relay publishes them in
/// their first order and with their ids, so idempotent consumers that know them do nothing.
pub async fn replay(pool: &PgPool, since: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    store::reset_published(pool, lowest_id(since)).await
}

/// Deletes published events that were created longer ago than `retention`, in batches, and returns how many.
pub async fn prune(pool: &PgPool, retention: Duration) -> Result<u64, sqlx::Error> {
    #[expect(clippy::disallowed_methods, reason = "the age of an event is counted from now")]
    let to = lowest_id(Utc::now() - retention);
    store::delete_orphans(pool).await?;
    let mut deleted = 0;
    loop {
        let batch = store::delete_published(pool, to, PRUNE_BATCH).await?;
        deleted += batch;
        if batch < PRUNE_BATCH.unsigned_abs() {
            return Ok(deleted);
        }
    }
}

/// Deletes all events of a key, published or not, in the caller's transaction, and returns how many: the end of a
/// person's data. What is to be told after that is enqueued after it.
pub async fn erase(connection: &mut PgConnection, key: &str) -> Result<u64, sqlx::Error> {
    store::delete_by_key(connection, key).await
}

/// The lowest UUIDv7 of a millisecond.
fn lowest_id(time: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(time.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_later_events_are_not_below_the_lowest_id() {
        let before = lowest_id(Utc::now());
        let id = Uuid::now_v7();
        let after = lowest_id(Utc::now() + Duration::from_millis(2));
        assert!(before <= id && id < after);
        assert!(lowest_id(DateTime::UNIX_EPOCH) < id);
        assert_eq!(lowest_id(DateTime::<Utc>::MIN_UTC), lowest_id(DateTime::UNIX_EPOCH));
    }
}
