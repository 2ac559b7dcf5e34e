//! `GetRoutine`.

use uuid::Uuid;

use super::WholeRoutine;
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers one of the caller's routines with its days.
    pub async fn get_routine(&self, user_id: Uuid, routine_id: Uuid) -> Result<WholeRoutine, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        let athlete = self.athlete(&mut connection, user_id).await?;
        self.load_routine(&mut connection, &athlete, user_id, routine_id).await
    }
}
