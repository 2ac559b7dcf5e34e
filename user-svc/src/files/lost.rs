//! Looks for files whose object is not in the store, or is not whole: the other half of the proof that store and table
//! agree.
//!
//! There should be none. One is there after a store was restored to an earlier day, or when somebody else has been at it. Only
//! its owner can bring the picture again, so the row stays, downloads say what has happened, and the operator is told.

use std::sync::LazyLock;

use chassis::lifecycle::chain;
use futures::TryStreamExt as _;
use opentelemetry::metrics::Gauge;
use uuid::Uuid;

use super::{FileError, Files, ObjectError};
use crate::store::files::{self, Stored};

const BATCH: i64 = 500;
/// As many are looked for; with more of them the store is another one.
const MOST: usize = 1_000;
/// As many are named in the log.
const NAMED: usize = 10;

static LOST: LazyLock<Gauge<u64>> = LazyLock::new(|| {
    opentelemetry::global::meter("user-svc")
        .u64_gauge("user.files.lost")
        .with_unit("{file}")
        .with_description(
            "Files whose object is not whole in the store, 1,000 at most, as of the last search.",
        )
        .build()
});

impl Files {
    /// Searches, and tells what it found.
    pub(super) async fn tell_lost(&self) {
        match self.find_lost().await {
            Ok(lost) => {
                LOST.record(lost.len() as u64, &[]);
                if !lost.is_empty() {
                    let named: Vec<_> = lost.iter().take(NAMED).map(Uuid::to_string).collect();
                    tracing::error!(
                        found = lost.len(),
                        file_ids = named.join(" "),
                        "files have lost their objects; is this the store of this database?"
                    );
                }
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the table cannot be compared with the store now");
            }
        }
    }

    /// Answers the files whose object is not there or has another length, [`MOST`] at most.
    ///
    /// What the list of objects did not have is asked for once more, and so is its row: files come and go meanwhile, and an
    /// object goes only after its row.
    pub async fn find_lost(&self) -> Result<Vec<Uuid>, FileError> {
        // 24 bytes for each file, once an hour.
        let mut objects: Vec<(Uuid, u64)> =
            self.objects.sizes().try_collect().await.map_err(ObjectError::from)?;
        objects.sort_unstable();
        let (mut lost, mut after) = (Vec::new(), Uuid::nil());
        loop {
            let rows = {
                let mut connection = self.pool.acquire().await?;
                files::stored_after(&mut connection, after, BATCH).await?
            };
            let Some(end) = rows.last() else { return Ok(lost) };
            after = end.file_id;
            for row in rows {
                if objects.binary_search(&(row.file_id, row.size_bytes)).is_err()
                    && self.is_lost(&row).await?
                {
                    lost.push(row.file_id);
                    if lost.len() == MOST {
                        return Ok(lost);
                    }
                }
            }
        }
    }

    async fn is_lost(&self, row: &Stored) -> Result<bool, FileError> {
        if self.objects.size(row.file_id).await? == Some(row.size_bytes) {
            return Ok(false);
        }
        let mut connection = self.pool.acquire().await?;
        Ok(files::is_there(&mut connection, row.file_id).await?)
    }
}
