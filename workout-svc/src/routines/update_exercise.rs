//! `UpdateRoutineExercise`: changes the notes, the sets or the place of an exercise of a day.

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::{Actor, DayExercise, SetPlanDraft, check_all};
use crate::store::{routine_days, routine_exercises};
use crate::text;
use crate::training::{Training, TrainingError};

/// What is to be changed; nothing means that it stays.
#[derive(Clone, Debug, Default)]
pub struct ExerciseChanges {
    /// What to mind.
    pub notes: Option<String>,
    /// The sets to do.
    pub set_plans: Option<Vec<SetPlanDraft>>,
    /// Its place among the exercises of the day, from 1.
    pub position: Option<i32>,
}

/// Which exercise of which day of which routine.
#[derive(Clone, Copy, Debug)]
pub struct ExercisePlace {
    /// The routine.
    pub routine_id: Uuid,
    /// The day.
    pub day_id: Uuid,
    /// The exercise of the day.
    pub routine_exercise_id: Uuid,
}

impl Training {
    /// Changes the exercise of a day and answers it.
    pub async fn update_routine_exercise(
        &self,
        user_id: Uuid,
        place: ExercisePlace,
        changes: ExerciseChanges,
    ) -> Result<DayExercise, TrainingError> {
        let ExercisePlace { routine_id, day_id, routine_exercise_id } = place;
        let notes = changes.notes.map(|notes| text::lines("exercise.notes", &notes)).transpose();
        let notes = notes.map_err(|violation| vec![violation])?;
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let routine = self.change_routine(&mut transaction, user_id, routine_id).await?;
        routine_days::find(&mut transaction, routine_id, day_id).await?.ok_or(TrainingError::NotFound)?;
        let measure = routine_exercises::measure(&mut transaction, day_id, routine_exercise_id).await?;
        let measure = measure.ok_or(TrainingError::NotFound)?;
        if let Some(position) = changes.position {
            routine_exercises::place(&mut transaction, day_id, routine_exercise_id, position).await?;
        }
        let set_plans = changes.set_plans.map(|drafts| check_all(&drafts, measure, "exercise.set_plans"));
        let set_plans = set_plans.transpose()?;
        routine_exercises::update(&mut transaction, routine_exercise_id, notes, set_plans).await?;
        self.announce_routine(&mut transaction, &routine, RoutineAction::Updated, Actor::Owner).await?;
        let exercises = routine_exercises::list_day(&mut transaction, day_id, athlete.language).await?;
        let exercise = exercises.into_iter().find(|other| other.routine_exercise_id == routine_exercise_id);
        transaction.commit().await?;
        self.outbox.committed();
        exercise.ok_or(TrainingError::NotFound)
    }
}
