//! `ListAthletes`: the athletes whom the calling trainer follows, by name.

use chassis::auth::Principal;
use uuid::Uuid;

use super::FollowedAthlete;
use crate::paging::{Listed, Page};
use crate::store::followings;
use crate::text;
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers a page of the trainer's athletes.
    pub(crate) async fn list_athletes(
        &self,
        caller: &Principal,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<FollowedAthlete>, TrainingError> {
        let page = Page::<(String, Uuid)>::parse(page_size, page_token)?;
        if let Some((key, _)) = &page.after {
            text::lines("page_token", key).map_err(|violation| vec![violation])?;
        }
        let mut transaction = self.pool.begin().await?;
        let trainer = self.trainer(&mut transaction, caller).await?;
        let rows = followings::athletes_of(&mut transaction, trainer.user_id, &page).await?;
        transaction.commit().await?;
        Ok(page.cut(rows, |athlete| (athlete.sort_key.clone(), athlete.athlete_id)))
    }
}
