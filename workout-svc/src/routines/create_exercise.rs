//! `CreateRoutineExercise`: adds an exercise at the end of a day.

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::draft::Known;
use super::{DayExercise, ExerciseDraft};
use crate::limits;
use crate::store::{routine_days, routine_exercises};
use crate::training::{Training, TrainingError};

impl Training {
    /// Stores the exercise of the day.
    pub async fn create_routine_exercise(
        &self,
        user_id: Uuid,
        routine_id: Uuid,
        day_id: Uuid,
        draft: ExerciseDraft,
    ) -> Result<DayExercise, TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let routine = self.change_routine(&mut transaction, user_id, routine_id).await?;
        routine_days::find(&mut transaction, routine_id, day_id).await?.ok_or(TrainingError::NotFound)?;
        let count = routine_exercises::count(&mut transaction, day_id).await?;
        limits::DAY_EXERCISES.check(count, 1)?;
        let known = Known::of(&mut transaction, &athlete, [&draft]).await?;
        let exercise = known.exercise(&draft, count as i32 + 1, "")?;
        routine_exercises::insert(&mut transaction, day_id, std::slice::from_ref(&exercise)).await?;
        self.announce_addition(
            &mut transaction,
            &routine,
            RoutineAction::ExerciseAdded,
            exercise.routine_exercise_id,
        )
        .await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(exercise)
    }
}
