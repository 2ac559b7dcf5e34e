//! Tells the others that a routine was changed.

use fitness_proto::fitness::workout::v1::{RoutineAction, RoutineChanged};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Routine;
use crate::model::athlete::Athlete;
use crate::store::{followings, routine_changes};
use crate::training::{Training, TrainingError, timestamp};

/// Who changes a routine.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Actor<'a> {
    /// Its owner.
    Owner,
    /// A trainer of the owner.
    Trainer(&'a Athlete),
}

impl Training {
    /// Writes the event of a change, which was made at the routine's `update_time`, in its transaction. The caller
    /// holds the lock on the routine.
    pub(crate) async fn announce_routine(
        &self,
        connection: &mut PgConnection,
        routine: &Routine,
        action: RoutineAction,
        actor: Actor<'_>,
    ) -> Result<(), TrainingError> {
        self.announce(connection, routine, (action, None), actor).await
    }

    /// The same of a day or an exercise that its owner has added.
    pub(crate) async fn announce_addition(
        &self,
        connection: &mut PgConnection,
        routine: &Routine,
        action: RoutineAction,
        added_id: Uuid,
    ) -> Result<(), TrainingError> {
        self.announce(connection, routine, (action, Some(added_id)), Actor::Owner).await
    }

    async fn announce(
        &self,
        connection: &mut PgConnection,
        routine: &Routine,
        (action, added_id): (RoutineAction, Option<Uuid>),
        actor: Actor<'_>,
    ) -> Result<(), TrainingError> {
        let trainers = followings::trainers_of(connection, routine.user_id).await?;
        let (actor_id, actor_name) = match actor {
            Actor::Owner => (routine.user_id, String::new()),
            Actor::Trainer(trainer) => (trainer.user_id, trainer.display_name.clone()),
        };
        let event = RoutineChanged {
            user_id: routine.user_id.to_string(),
            routine_id: routine.routine_id.to_string(),
            name: routine.name.clone(),
            action: action.into(),
            actor_id: actor_id.to_string(),
            actor_name,
            trainer_ids: trainers.iter().map(ToString::to_string).collect(),
            change_time: Some(timestamp(routine.update_time)),
            added_id: added_id.map(|id| id.to_string()).unwrap_or_default(),
        };
        self.outbox.enqueue(connection, &event).await?;
        routine_changes::note(connection, routine.user_id, routine.update_time).await?;
        Ok(())
    }
}
