//! `DeleteSet`: a set was logged that was not done.

use uuid::Uuid;

use crate::store::{workout_sets, workouts};
use crate::training::{Training, TrainingError};

impl Training {
    /// Deletes a set of the caller. In a finished workout, what follows from it is corrected as well.
    pub(crate) async fn delete_set(
        &self,
        user_id: Uuid,
        workout_id: Uuid,
        set_id: Uuid,
    ) -> Result<(), TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let athlete = self.lock_athlete(&mut transaction, user_id).await?;
        let workout = workouts::lock(&mut transaction, user_id, workout_id).await?;
        let workout = workout.ok_or(TrainingError::NotFound)?;
        if !workout_sets::delete(&mut transaction, workout_id, set_id).await? {
            return Err(TrainingError::NotFound);
        }
        if workout.finished {
            self.settle(&mut transaction, &athlete, workout_id).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();
        Ok(())
    }
}
