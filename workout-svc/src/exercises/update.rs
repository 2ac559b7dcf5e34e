//! `UpdateExercise`: changes one of the caller's own exercises.

use uuid::Uuid;

use super::{Details, Exercise};
use crate::catalogue::{Difficulty, Equipment, MovementPattern, MuscleGroup};
use crate::store::{exercises, own_exercises};
use crate::training::{Training, TrainingError};

/// What is to be changed; nothing means that it stays.
#[derive(Clone, Debug, Default)]
pub struct ExerciseChanges {
    /// Its name.
    pub name: Option<String>,
    /// How it is done.
    pub description: Option<String>,
    /// The muscles that it is done for.
    pub muscles: Option<Vec<MuscleGroup>>,
    /// The muscles that help.
    pub secondary_muscles: Option<Vec<MuscleGroup>>,
    /// All that it needs.
    pub equipment: Option<Vec<Equipment>>,
    /// Who can do it.
    pub difficulty: Option<Difficulty>,
    /// How the body moves, if anybody says.
    pub pattern: Option<Option<MovementPattern>>,
}

impl ExerciseChanges {
    fn apply(self, details: Details) -> Details {
        Details {
            name: self.name.unwrap_or(details.name),
            description: self.description.unwrap_or(details.description),
            muscles: self.muscles.unwrap_or(details.muscles),
            secondary_muscles: self.secondary_muscles.unwrap_or(details.secondary_muscles),
            equipment: self.equipment.unwrap_or(details.equipment),
            difficulty: self.difficulty.unwrap_or(details.difficulty),
            pattern: self.pattern.unwrap_or(details.pattern),
        }
    }
}

impl Training {
    /// Changes the exercise and answers it. The catalogue is not the caller's to change.
    pub async fn update_exercise(
        &self,
        user_id: Uuid,
        exercise_id: Uuid,
        changes: ExerciseChanges,
    ) -> Result<Exercise, TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let found = exercises::lock(&mut transaction, &athlete, exercise_id).await?;
        let mut exercise = found.ok_or(TrainingError::NotFound)?;
        if exercise.owner_id.is_none() {
            return Err(TrainingError::Forbidden);
        }
        exercise.details = changes.apply(exercise.details).checked("exercise.")?;
        exercise.update_time = self.now();
        own_exercises::update(&mut transaction, &exercise).await?;
        transaction.commit().await?;
        Ok(exercise)
    }
}
