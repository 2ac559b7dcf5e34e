//! `ListTrainers`: all trainers by name.

use uuid::Uuid;

use super::ListedTrainer;
use crate::paging::{Listed, Page};
use crate::store::trainer_profiles;
use crate::text;
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers a page of trainers who have the role of one.
    pub(crate) async fn list_trainers(
        &self,
        user_id: Uuid,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<ListedTrainer>, TrainingError> {
        let page = Page::<(String, Uuid)>::parse(page_size, page_token)?;
        if let Some((key, _)) = &page.after {
            text::lines("page_token", key).map_err(|violation| vec![violation])?;
        }
        let mut connection = self.pool.acquire().await?;
        self.athlete(&mut connection, user_id).await?;
        let rows = trainer_profiles::list(&mut connection, user_id, &page).await?;
        Ok(page.cut(rows, |trainer| (trainer.sort_key.clone(), trainer.profile.trainer_id)))
    }
}
