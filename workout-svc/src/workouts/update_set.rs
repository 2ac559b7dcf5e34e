//! `UpdateSet`: a set was logged wrong.

use uuid::Uuid;

use super::log_set::UNKNOWN_EXERCISE;
use super::{Measures, WorkoutSet};
use crate::store::{exercises, workout_sets, workouts};
use crate::text;
use crate::training::{Training, TrainingError};
use chassis::mask::Change;

/// Corrections of a set; what is absent stays.
#[derive(Clone, Debug)]
pub(crate) struct UpdateSet {
    pub(crate) workout_id: Uuid,
    pub(crate) set_id: Uuid,
    pub(crate) exercise_id: Option<Uuid>,
    pub(crate) reps: Change<Option<i32>>,
    pub(crate) weight_g: Change<Option<i64>>,
    pub(crate) duration_s: Change<Option<i32>>,
    pub(crate) distance_mm: Change<Option<i64>>,
    pub(crate) rpe: Change<Option<f64>>,
    pub(crate) note: Option<String>,
    pub(crate) warm_up: Option<bool>,
}

impl UpdateSet {
    fn apply(&self, measures: Measures) -> Measures {
        Measures {
            reps: self.reps.of(measures.reps),
            weight_g: self.weight_g.of(measures.weight_g),
            duration_s: self.duration_s.of(measures.duration_s),
            distance_mm: self.distance_mm.of(measures.distance_mm),
            rpe: self.rpe.of(measures.rpe),
        }
    }
}

impl Training {
    /// Corrects a set of the caller. In a finished workout, what follows from it is corrected as well.
    pub(crate) async fn update_set(
        &self,
        user_id: Uuid,
        request: UpdateSet,
    ) -> Result<WorkoutSet, TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let athlete = self.lock_athlete(&mut transaction, user_id).await?;
        let workout = workouts::lock(&mut transaction, user_id, request.workout_id).await?;
        let workout = workout.ok_or(TrainingError::NotFound)?;
        let set = workout_sets::find(&mut transaction, request.workout_id, request.set_id).await?;
        let mut set = set.ok_or(TrainingError::NotFound)?;

        set.measures = request.apply(set.measures);
        let mut violations = set.measures.check("set.");
        if let Some(note) = &request.note {
            match text::lines("set.note", note) {
                Ok(note) => set.note = note,
                Err(violation) => violations.push(violation),
            }
        }
        if !violations.is_empty() {
            return Err(violations.into());
        }
        // An exercise that was deleted since may stay, but not be chosen.
        if let Some(exercise_id) = request.exercise_id.filter(|exercise_id| *exercise_id != set.exercise_id) {
            if exercises::find(&mut transaction, &athlete, exercise_id).await?.is_none() {
                return Err(TrainingError::invalid("set.exercise_id", UNKNOWN_EXERCISE));
            }
            set.exercise_id = exercise_id;
        }
        set.warm_up = request.warm_up.unwrap_or(set.warm_up);
        set.one_rep_max = set.measures.one_rep_max(set.warm_up);
        workout_sets::update(&mut transaction, &set).await?;
        if workout.finished {
            self.settle(&mut transaction, &athlete, request.workout_id).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();
        Ok(set)
    }
}
