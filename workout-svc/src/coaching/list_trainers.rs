//! `ListTrainers`: all trainers by name.

use uuid::Uuid;

use super::ListedTrainer;
use crate::store::trainer_profiles;
use crate::training::{Training, TrainingError};
use chassis::paging::{Listed, Page};

impl Training {
    /// Answers a page of trainers who have the role of one.
    pub(crate) async fn list_trainers(
        &self,
        user_id: Uuid,
        page: &Page<(String, Uuid)>,
    ) -> Result<Listed<ListedTrainer>, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        self.athlete(&mut connection, user_id).await?;
        let rows = trainer_profiles::list(&mut connection, user_id, page).await?;
        Ok(page.cut(rows, |trainer| (trainer.sort_key.clone(), trainer.profile.trainer_id)))
    }
}
