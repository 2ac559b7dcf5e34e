//! `DeleteWorkout`: a workout and all that follows from it but achievements.

use uuid::Uuid;

use crate::store::workouts;
use crate::training::{Training, TrainingError};

impl Training {
    /// Deletes a workout of the caller. Its sets, results and records go with its row.
    pub(crate) async fn delete_workout(&self, user_id: Uuid, workout_id: Uuid) -> Result<(), TrainingError> {
        let mut transaction = self.pool.begin().await?;
        self.lock_athlete(&mut transaction, user_id).await?;
        let deleted = workouts::delete(&mut transaction, user_id, workout_id).await?;
        transaction.commit().await?;
        if deleted { Ok(()) } else { Err(TrainingError::NotFound) }
    }
}
