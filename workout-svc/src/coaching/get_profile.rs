//! `GetTrainerProfile`.

use uuid::Uuid;

use super::TrainerProfile;
use crate::store::trainer_profiles;
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers the caller's trainer profile.
    pub async fn get_trainer_profile(&self, user_id: Uuid) -> Result<TrainerProfile, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        self.athlete(&mut connection, user_id).await?;
        trainer_profiles::find(&mut connection, user_id).await?.ok_or(TrainingError::NotFound)
    }
}
