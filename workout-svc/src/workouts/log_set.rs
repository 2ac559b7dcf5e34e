//! `LogSet`: a set was done.

use uuid::Uuid;

use super::{Measures, WorkoutSet, moment_in_workout};
use crate::limits;
use crate::store::{exercises, workout_sets, workouts};
use crate::text;
use crate::training::{Training, TrainingError};

/// A set to log.
#[derive(Clone, Debug)]
pub(crate) struct LogSet {
    pub(crate) workout_id: Uuid,
    pub(crate) exercise_id: Uuid,
    pub(crate) measures: Measures,
    pub(crate) note: String,
    pub(crate) warm_up: bool,
}

impl Training {
    /// Adds a set to a workout of the caller that goes on.
    pub(crate) async fn log_set(&self, user_id: Uuid, request: LogSet) -> Result<WorkoutSet, TrainingError> {
        let mut violations = request.measures.check("");
        let note = text::lines("note", &request.note).map_err(|violation| violations.push(violation));
        let (Ok(note), true) = (note, violations.is_empty()) else { return Err(violations.into()) };

        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        // Drawing the number locks the workout, so that it is not finished meanwhile.
        let drawn = workouts::draw_number(&mut transaction, user_id, request.workout_id).await?;
        let drawn = drawn.ok_or(TrainingError::NotFound)?;
        if drawn.finished {
            return Err(TrainingError::wrong_state("it is finished already"));
        }
        limits::SETS.check(i64::from(drawn.number), 0)?;
        if exercises::find(&mut transaction, &athlete, request.exercise_id).await?.is_none() {
            return Err(TrainingError::invalid("exercise_id", UNKNOWN_EXERCISE));
        }
        let set = WorkoutSet {
            set_id: Uuid::now_v7(),
            workout_id: request.workout_id,
            exercise_id: request.exercise_id,
            number: drawn.number,
            measures: request.measures,
            note,
            warm_up: request.warm_up,
            one_rep_max: request.measures.one_rep_max(request.warm_up),
            log_time: moment_in_workout(drawn.start_time, self.now()),
        };
        workout_sets::insert(&mut transaction, user_id, &set).await?;
        transaction.commit().await?;
        Ok(set)
    }
}

/// What is wrong with an exercise of somebody else, a deleted one, or none at all.
pub(super) const UNKNOWN_EXERCISE: &str = "must be an exercise of the catalogue or one of yours";
