//! `UpdateWorkout`: another name or note.

use uuid::Uuid;

use super::Detailed;
use super::get_workout::detailed;
use crate::store::workouts;
use crate::text;
use crate::training::{Training, TrainingError};

/// Changes to a workout; what is absent stays.
#[derive(Clone, Debug)]
pub(crate) struct UpdateWorkout {
    pub(crate) workout_id: Uuid,
    pub(crate) name: Option<String>,
    pub(crate) note: Option<String>,
}

impl Training {
    /// Changes a workout of the caller.
    pub(crate) async fn update_workout(
        &self,
        user_id: Uuid,
        request: UpdateWorkout,
    ) -> Result<Detailed, TrainingError> {
        let name = request.name.map(|name| text::line("workout.name", &name)).transpose();
        let note = request.note.map(|note| text::lines("workout.note", &note)).transpose();
        let (name, note) = match (name, note) {
            (Ok(name), Ok(note)) => (name, note),
            (name, note) => {
                let violations: Vec<_> = [name.err(), note.err()].into_iter().flatten().collect();
                return Err(violations.into());
            }
        };
        let mut transaction = self.pool.begin().await?;
        self.hold_athlete(&mut transaction, user_id).await?;
        let workout_id = request.workout_id;
        let changed = workouts::update(&mut transaction, user_id, workout_id, name, note).await?;
        if !changed {
            return Err(TrainingError::NotFound);
        }
        let workout = detailed(&mut transaction, user_id, workout_id).await?;
        transaction.commit().await?;
        Ok(workout)
    }
}
