//! `GetWorkout`: a workout with its sets.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Detailed;
use crate::store::{workout_sets, workouts};
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers a workout of the caller.
    pub(crate) async fn get_workout(
        &self,
        user_id: Uuid,
        workout_id: Uuid,
    ) -> Result<Detailed, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        self.athlete(&mut connection, user_id).await?;
        detailed(&mut connection, user_id, workout_id).await
    }
}

/// Reads a workout with its sets.
pub(super) async fn detailed(
    connection: &mut PgConnection,
    user_id: Uuid,
    workout_id: Uuid,
) -> Result<Detailed, TrainingError> {
    let workout = workouts::find(connection, user_id, workout_id).await?.ok_or(TrainingError::NotFound)?;
    let sets = workout_sets::of_workout(connection, workout_id).await?;
    Ok(Detailed { workout, sets })
}
