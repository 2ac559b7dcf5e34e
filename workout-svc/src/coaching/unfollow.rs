//! `UnfollowTrainer`: an athlete takes the agreement back.

use uuid::Uuid;

use crate::store::followings;
use crate::training::{Training, TrainingError};

impl Training {
    /// Ends the following. A trainer who does not follow the athlete is not found.
    pub async fn unfollow_trainer(&self, athlete_id: Uuid, trainer_id: Uuid) -> Result<(), TrainingError> {
        let mut transaction = self.pool.begin().await?;
        self.hold_athlete(&mut transaction, athlete_id).await?;
        if !followings::delete(&mut transaction, trainer_id, athlete_id).await? {
            return Err(TrainingError::NotFound);
        }
        transaction.commit().await?;
        Ok(())
    }
}
