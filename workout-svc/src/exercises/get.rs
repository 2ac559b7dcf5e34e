//! `GetExercise`.

use uuid::Uuid;

use super::Exercise;
use crate::store::exercises;
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers an exercise of the catalogue or the caller's own.
    pub async fn get_exercise(&self, user_id: Uuid, exercise_id: Uuid) -> Result<Exercise, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        let athlete = self.athlete(&mut connection, user_id).await?;
        let exercise = exercises::find(&mut connection, &athlete, exercise_id).await?;
        exercise.ok_or(TrainingError::NotFound)
    }
}
