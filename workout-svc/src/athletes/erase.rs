//! An account was deleted: everything of it goes, and nothing may bring it back.

use uuid::Uuid;

use crate::store::athletes;
use crate::training::{Training, TrainingError};

impl Training {
    /// Deletes every row of an account, its events in the outbox included, and leaves a tombstone.
    pub(crate) async fn erase(&self, user_id: Uuid) -> Result<(), TrainingError> {
        let mut transaction = self.pool.begin().await?;
        athletes::take_turn(&mut transaction, user_id).await?;
        let erased = athletes::erase(&mut transaction, user_id, self.now()).await?;
        outbox::erase(&mut transaction, &user_id.to_string()).await?;
        transaction.commit().await?;

        tracing::info!(%user_id, erased, "account erased");
        Ok(())
    }
}
