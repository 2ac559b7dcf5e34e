//! What the use cases share that bring a routine into being or change one.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Routine, WholeRoutine};
use crate::limits;
use crate::model::athlete::Athlete;
use crate::store::{routine_days, routine_exercises, routines};
use crate::training::{Training, TrainingError};

impl Training {
    /// Stores a new routine with its days, unless its owner has too many.
    pub(crate) async fn store_routine(
        &self,
        connection: &mut PgConnection,
        whole: &WholeRoutine,
    ) -> Result<(), TrainingError> {
        let WholeRoutine { routine, days } = whole;
        // Whoever stores a routine of this athlete beside this one waits here, and counts this one.
        self.lock_athlete(connection, routine.user_id).await?;
        limits::ROUTINES.check(routines::count(connection, routine.user_id).await?, 1)?;
        routines::insert(connection, routine).await?;
        routine_days::insert(connection, routine.routine_id, days).await?;
        for day in days {
            routine_exercises::insert(connection, day.day_id, &day.exercises).await?;
        }
        Ok(())
    }

    /// Takes the lock on one of the caller's routines and counts a change of it.
    pub(crate) async fn change_routine(
        &self,
        connection: &mut PgConnection,
        user_id: Uuid,
        routine_id: Uuid,
    ) -> Result<Routine, TrainingError> {
        let changed = routines::touch(connection, user_id, routine_id, self.now()).await?;
        changed.ok_or(TrainingError::NotFound)
    }

    /// Reads a routine with its days, its exercises named in the language of `reader`.
    pub(crate) async fn load_routine(
        &self,
        connection: &mut PgConnection,
        reader: &Athlete,
        owner_id: Uuid,
        routine_id: Uuid,
    ) -> Result<WholeRoutine, TrainingError> {
        let routine = routines::find(connection, owner_id, routine_id).await?;
        let routine = routine.ok_or(TrainingError::NotFound)?;
        let mut days = routine_days::list(connection, routine_id).await?;
        for (day_id, exercise) in routine_exercises::list(connection, routine_id, reader.language).await? {
            // A day that came in between the two statements is left out, and so are its exercises.
            if let Some(day) = days.iter_mut().find(|day| day.day_id == day_id) {
                day.exercises.push(exercise);
            }
        }
        Ok(WholeRoutine { routine, days })
    }
}

impl WholeRoutine {
    /// The same under new identifiers, for another owner or a second time.
    pub(crate) fn copy(self, routine: Routine) -> Self {
        let mut days = self.days;
        for day in &mut days {
            day.day_id = Uuid::now_v7();
            for exercise in &mut day.exercises {
                exercise.routine_exercise_id = Uuid::now_v7();
            }
        }
        Self { routine, days }
    }
}
