//! `DeleteExercise`: deletes one of the caller's own exercises.

use uuid::Uuid;

use crate::store::{exercises, own_exercises};
use crate::training::{Training, TrainingError};

impl Training {
    /// Hides the exercise. It stays for the routines and workouts that have it. The catalogue is not the caller's to
    /// change.
    pub async fn delete_exercise(&self, user_id: Uuid, exercise_id: Uuid) -> Result<(), TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let found = exercises::lock(&mut transaction, &athlete, exercise_id).await?;
        if found.ok_or(TrainingError::NotFound)?.owner_id.is_none() {
            return Err(TrainingError::Forbidden);
        }
        own_exercises::hide(&mut transaction, exercise_id, self.now()).await?;
        transaction.commit().await?;
        Ok(())
    }
}
