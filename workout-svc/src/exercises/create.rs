//! `CreateExercise`: makes an exercise of the caller's own.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Details, Exercise};
use crate::catalogue::Measure;
use crate::limits;
use crate::store::own_exercises;
use crate::training::{Training, TrainingError};

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
        self.lock_athlete(&mut transaction, user_id).await?;
        self.check_room_for_exercises(&mut transaction, user_id, 1).await?;
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

    /// Refuses exercises of somebody's own that are too many; the caller has locked the athlete.
    pub(crate) async fn check_room_for_exercises(
        &self,
        connection: &mut PgConnection,
        user_id: Uuid,
        more: u64,
    ) -> Result<(), TrainingError> {
        let present = own_exercises::count(connection, user_id).await?;
        limits::EXERCISES.check(present.in_use, more)?;
        limits::EXERCISES_EVER.check(present.ever, more)?;
        Ok(())
    }
}
