//! `DeleteRoutineDay`.

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::Actor;
use crate::store::routine_days;
use crate::training::{Training, TrainingError};

impl Training {
    /// Removes a day with its exercises; the days behind it move up.
    pub async fn delete_routine_day(
        &self,
        user_id: Uuid,
        routine_id: Uuid,
        day_id: Uuid,
    ) -> Result<(), TrainingError> {
        let mut transaction = self.pool.begin().await?;
        self.hold_athlete(&mut transaction, user_id).await?;
        let routine = self.change_routine(&mut transaction, user_id, routine_id).await?;
        let position = routine_days::delete(&mut transaction, routine_id, day_id).await?;
        let position = position.ok_or(TrainingError::NotFound)?;
        routine_days::close_gap(&mut transaction, routine_id, position).await?;
        self.announce_routine(&mut transaction, &routine, RoutineAction::Updated, Actor::Owner).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(())
    }
}
