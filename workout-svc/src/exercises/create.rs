//! `CreateExercise`: makes an exercise of the caller's own.

use uuid::Uuid;

use super::{Details, Exercise};
use crate::catalogue::Measure;
use crate::store::own_exercises;
use crate::training::{Training, TrainingError};

/// Most exercises that one athlete makes.
const MAX_OWN: i64 = 500;

/// A new exercise.
#[derive(Clone, Debug)]
pub struct CreateExercise {
    /// What describes it.
    pub details: Details,
    /// What is counted in a set.
    pub measure: Measure,
}

impl Training {
    /// Stores the exercise.
    pub async fn create_exercise(
        &self,
        user_id: Uuid,
        request: CreateExercise,
    ) -> Result<Exercise, TrainingError> {
        let details = request.details.checked("")?;
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        self.hold_athlete(&mut transaction, user_id).await?;
        if own_exercises::count(&mut transaction, user_id).await? >= MAX_OWN {
            return Err(TrainingError::wrong_state(format!("{MAX_OWN} own exercises are enough")));
        }
        let exercise = Exercise {
            exercise_id: Uuid::now_v7(),
            owner_id: Some(user_id),
            details,
            measure: request.measure,
            create_time: now,
            update_time: now,
        };
        own_exercises::insert(&mut transaction, &exercise).await?;
        transaction.commit().await?;
        Ok(exercise)
    }
}
