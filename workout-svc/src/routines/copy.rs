//! `CopyRoutine`: makes a copy of one of the caller's routines.

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::{Actor, Routine, WholeRoutine};
use crate::text;
use crate::training::{Training, TrainingError};

impl Training {
    /// Stores the copy, under the name of the original if `name` is empty.
    pub async fn copy_routine(
        &self,
        user_id: Uuid,
        routine_id: Uuid,
        name: &str,
    ) -> Result<WholeRoutine, TrainingError> {
        let name = match name {
            "" => None,
            name => Some(text::line("name", name).map_err(|violation| vec![violation])?),
        };
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let original = self.load_routine(&mut transaction, &athlete, user_id, routine_id).await?;
        let routine = Routine {
            routine_id: Uuid::now_v7(),
            name: name.unwrap_or_else(|| original.routine.name.clone()),
            revision: 1,
            create_time: now,
            update_time: now,
            day_count: original.days.len(),
            assigned_by: None,
            ..original.routine.clone()
        };
        let copy = original.copy(routine);
        self.store_routine(&mut transaction, &copy).await?;
        self.announce_routine(&mut transaction, &copy.routine, RoutineAction::Created, Actor::Owner).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(copy)
    }
}
