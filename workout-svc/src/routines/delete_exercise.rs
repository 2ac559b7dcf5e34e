//! `DeleteRoutineExercise`.

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::{Actor, ExercisePlace};
use crate::store::{routine_days, routine_exercises};
use crate::training::{Training, TrainingError};

impl Training {
    /// Removes an exercise from a day; those behind it move up.
    pub async fn delete_routine_exercise(
        &self,
        user_id: Uuid,
        place: ExercisePlace,
    ) -> Result<(), TrainingError> {
        let ExercisePlace { routine_id, day_id, routine_exercise_id } = place;
        let mut transaction = self.pool.begin().await?;
        self.hold_athlete(&mut transaction, user_id).await?;
        let routine = self.change_routine(&mut transaction, user_id, routine_id).await?;
        routine_days::find(&mut transaction, routine_id, day_id).await?.ok_or(TrainingError::NotFound)?;
        let position = routine_exercises::delete(&mut transaction, day_id, routine_exercise_id).await?;
        let position = position.ok_or(TrainingError::NotFound)?;
        routine_exercises::close_gap(&mut transaction, day_id, position).await?;
        self.announce_routine(&mut transaction, &routine, RoutineAction::Updated, Actor::Owner).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(())
    }
}
