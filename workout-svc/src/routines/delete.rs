//! `DeleteRoutine`.

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::Actor;
use crate::store::routines;
use crate::training::{Training, TrainingError};

impl Training {
    /// Deletes one of the caller's routines.
    pub async fn delete_routine(&self, user_id: Uuid, routine_id: Uuid) -> Result<(), TrainingError> {
        let mut transaction = self.pool.begin().await?;
        self.hold_athlete(&mut transaction, user_id).await?;
        let routine = self.change_routine(&mut transaction, user_id, routine_id).await?;
        routines::delete(&mut transaction, routine_id).await?;
        self.announce_routine(&mut transaction, &routine, RoutineAction::Deleted, Actor::Owner).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(())
    }
}
