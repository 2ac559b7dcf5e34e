//! Looks through the store for objects that nobody knows: neither a file's nor on the list to be removed.
//!
//! There should be none. One is there after a database was restored to an earlier day, or by a fault of ours; then it may
//! be a picture of somebody who has been erased, so it goes.

use std::time::Duration;

use chassis::lifecycle::chain;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{FileError, Files, ObjectError};
use crate::store::doomed_objects;

/// How often the whole store is looked through. The first time is at the start.
const INTERVAL: Duration = Duration::from_hours(1);
const BATCH: usize = 500;
/// No upload takes so long between its object and its row.
const YOUNG: TimeDelta = TimeDelta::hours(1);
/// What the table does not know goes a day later: whoever has given a store to the wrong database has that long to notice.
const NOTICE: TimeDelta = TimeDelta::days(1);

impl Files {
    /// Looks for strays, and for files without an object, until `shutdown`.
    pub async fn run_stray_search(self, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            match self.doom_strays().await {
                Ok(0) => {}
                Ok(found) => tracing::warn!(
                    found,
                    "objects without a file were found and are removed tomorrow; is this the store of this database?"
                ),
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the store cannot be compared with the table now");
                }
            }
            self.tell_lost().await;
        }
    }

    /// Puts every object on the list that is no file's and not on it yet, and answers how many these were.
    ///
    /// An upload puts its object on the list before it writes it, and a file takes its own off in the transaction that adds
    /// its row. So whatever lies in the store and is in neither table is a stray, but for those of this moment, whose
    /// transaction may just end: ids tell their time, and young ones are left for the next round.
    pub async fn doom_strays(&self) -> Result<u64, FileError> {
        let mut batches = self.objects.ids().try_chunks(BATCH);
        let now = self.now();
        let mut found = 0;
        loop {
            let batch = match batches.try_next().await {
                Ok(Some(batch)) => batch,
                Ok(None) => return Ok(found),
                Err(error) => return Err(ObjectError::from(error.1).into()),
            };
            let old: Vec<_> = batch.into_iter().filter(|id| made_before(*id, now - YOUNG)).collect();
            let mut connection = self.pool.acquire().await?;
            found += doomed_objects::add_strays(&mut connection, &old, now + NOTICE).await?;
        }
    }
}

/// Whether an id, a UUIDv7, was made before that time. One of another kind has no time and was not made here.
fn made_before(id: Uuid, time: DateTime<Utc>) -> bool {
    let made = id.get_timestamp().and_then(|stamp| {
        let (seconds, nanos) = stamp.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    });
    made.is_some_and(|made| made < time)
}
