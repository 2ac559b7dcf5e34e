//! Brings the catalogue in the database up to date with the one in the binary.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::catalogue::Catalogue;
use crate::store;
use crate::training::Training;

impl Training {
    /// Does so with the catalogue and the time of this service.
    pub async fn seed_catalogue(&self) -> sqlx::Result<()> {
        seed_catalogue(&self.pool, &self.catalogue, self.now()).await
    }
}

/// Stores new and changed exercises and hides those that the catalogue no longer has, in one transaction. Does nothing
/// where all is the same.
pub(crate) async fn seed_catalogue(
    pool: &PgPool,
    catalogue: &Catalogue,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let mut transaction = pool.begin().await?;
    let stored = store::catalogue::upsert(&mut transaction, &catalogue.exercises, now).await?;
    let hidden = store::catalogue::hide_others(&mut transaction, &catalogue.exercises, now).await?;
    transaction.commit().await?;
    if stored > 0 || hidden > 0 {
        tracing::info!(stored, hidden, "catalogue brought up to date");
    }
    Ok(())
}
