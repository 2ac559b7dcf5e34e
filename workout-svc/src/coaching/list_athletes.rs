//! `ListAthletes`: the athletes whom the calling trainer follows, by name.

use chassis::auth::Principal;
use uuid::Uuid;

use super::FollowedAthlete;
use crate::store::followings;
use crate::training::{Training, TrainingError};
use chassis::paging::{Listed, Page};

impl Training {
    /// Answers a page of the trainer's athletes.
    pub(crate) async fn list_athletes(
        &self,
        caller: &Principal,
        page: &Page<(String, Uuid)>,
    ) -> Result<Listed<FollowedAthlete>, TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let trainer = self.trainer(&mut transaction, caller).await?;
        let rows = followings::athletes_of(&mut transaction, trainer.user_id, page).await?;
        transaction.commit().await?;
        Ok(page.cut(rows, |athlete| (athlete.sort_key.clone(), athlete.athlete_id)))
    }
}
