//! Brings the catalogue in the database up to date with the one in the binary.

use crate::store::catalogue;
use crate::training::Training;

impl Training {
    /// Stores new and changed exercises and hides those that the catalogue no longer has, in one transaction. Does
    /// nothing where all is the same.
    pub async fn seed_catalogue(&self) -> sqlx::Result<()> {
        let mut transaction = self.pool.begin().await?;
        let stored = catalogue::upsert(&mut transaction, &self.catalogue.exercises, self.now()).await?;
        let hidden = catalogue::hide_others(&mut transaction, &self.catalogue.exercises, self.now()).await?;
        transaction.commit().await?;
        if stored > 0 || hidden > 0 {
            tracing::info!(stored, hidden, "catalogue brought up to date");
        }
        Ok(())
    }
}
