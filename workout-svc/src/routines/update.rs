//! `UpdateRoutine`: changes a routine's own fields.

use chassis::errors::Violation;
use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::{Actor, Routine, WholeRoutine};
use crate::catalogue::Difficulty;
use crate::model::routine::Goal;
use crate::store::routines;
use crate::text;
use crate::training::{Training, TrainingError};

/// What is to be changed; nothing means that it stays.
#[derive(Clone, Debug, Default)]
pub struct RoutineChanges {
    /// Its name.
    pub name: Option<String>,
    /// What to say about it.
    pub description: Option<String>,
    /// What it is for, if anybody says.
    pub goal: Option<Option<Goal>>,
    /// Whom it is for, if anybody says.
    pub level: Option<Option<Difficulty>>,
}

impl Training {
    /// Changes the routine and answers it with its days.
    pub async fn update_routine(
        &self,
        user_id: Uuid,
        routine_id: Uuid,
        changes: RoutineChanges,
    ) -> Result<WholeRoutine, TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let routine = self.change_routine(&mut transaction, user_id, routine_id).await?;
        let routine = apply(changes, routine)?;
        routines::update(&mut transaction, &routine).await?;
        self.announce_routine(&mut transaction, &routine, RoutineAction::Updated, Actor::Owner).await?;
        let whole = self.load_routine(&mut transaction, &athlete, user_id, routine_id).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(whole)
    }
}

fn apply(changes: RoutineChanges, mut routine: Routine) -> Result<Routine, Vec<Violation>> {
    let name = changes.name.map_or(Ok(routine.name), |name| text::line("routine.name", &name));
    let description = changes
        .description
        .map_or(Ok(routine.description), |description| text::lines("routine.description", &description));
    let (name, description) = match (name, description) {
        (Ok(name), Ok(description)) => (name, description),
        (name, description) => return Err([name.err(), description.err()].into_iter().flatten().collect()),
    };
    routine.name = name;
    routine.description = description;
    routine.goal = changes.goal.unwrap_or(routine.goal);
    routine.level = changes.level.unwrap_or(routine.level);
    Ok(routine)
}
