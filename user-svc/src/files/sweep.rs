//! Removes the objects that no file needs: those of deleted files and accounts, and of uploads that broke off.

use std::time::Duration;

use chassis::lifecycle::chain;
use chrono::TimeDelta;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{FileError, Files};
use crate::store::doomed_objects;

/// How often it looks for work; erasing an account takes this long at most.
const INTERVAL: Duration = Duration::from_secs(2);
const BATCH: i64 = 100;
/// How long one that cannot be removed waits, so that a hundred of them do not keep the others.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

impl Files {
    /// Sweeps until `shutdown`. Replicas may do so side by side: removing an object twice is no error.
    pub async fn run_sweeper(self, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            match self.sweep().await {
                Ok(0) => failing = false,
                Ok(removed) => {
                    failing = false;
                    tracing::info!(removed, "objects removed");
                }
                // One line for an outage; the probes tell of the database.
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(error = %chain(&error), "objects cannot be removed now");
                }
                Err(_) => {}
            }
        }
    }

    /// Removes what is due and answers how much it was.
    async fn sweep(&self) -> Result<usize, FileError> {
        let mut removed = 0;
        loop {
            let mut connection = self.pool.acquire().await?;
            let due = doomed_objects::due(&mut connection, self.now(), BATCH).await?;
            drop(connection);
            if due.is_empty() {
                return Ok(removed);
            }
            // One that cannot be removed does not keep the others.
            let (mut gone, mut kept) = (Vec::with_capacity(due.len()), Vec::new());
            let mut failure = None;
            for file_id in due {
                match self.objects.remove(file_id).await {
                    Ok(()) => gone.push(file_id),
                    Err(error) => {
                        kept.push(file_id);
                        failure = Some(error);
                    }
                }
            }
            let mut connection = self.pool.acquire().await?;
            doomed_objects::forget(&mut connection, &gone).await?;
            removed += gone.len();
            if !kept.is_empty() {
                doomed_objects::postpone(&mut connection, &kept, self.now() + PAUSE).await?;
            }
            if let Some(error) = failure {
                return Err(error.into());
            }
        }
    }
}
