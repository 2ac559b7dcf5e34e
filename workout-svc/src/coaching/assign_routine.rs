//! `AssignRoutine`: a trainer gives an athlete a copy of a routine.

use std::collections::HashMap;

use chassis::auth::Principal;
use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use crate::model::routine::{Routine, WholeRoutine};
use crate::routines::Actor;
use crate::store::own_exercises;
use crate::training::{Training, TrainingError};

impl Training {
    /// Stores the copy as the athlete's own. Exercises that the trainer made are copied as well: the athlete could not
    /// see the trainer's.
    pub(crate) async fn assign_routine(
        &self,
        caller: &Principal,
        athlete_id: Uuid,
        routine_id: Uuid,
    ) -> Result<WholeRoutine, TrainingError> {
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        let trainer = self.trainer(&mut transaction, caller).await?;
        let athlete = self.followed(&mut transaction, &trainer, athlete_id).await?;
        self.lock_athlete(&mut transaction, athlete_id).await?;
        let original = self.load_routine(&mut transaction, &trainer, trainer.user_id, routine_id).await?;
        let routine = Routine {
            routine_id: Uuid::now_v7(),
            user_id: athlete.user_id,
            assigned_by: Some(trainer.user_id),
            revision: 1,
            create_time: now,
            update_time: now,
            day_count: original.days.len(),
            ..original.routine.clone()
        };
        let mut copy = original.copy(routine);
        let mut ids: Vec<_> = exercise_ids(&mut copy).map(|id| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let copied =
            own_exercises::copy(&mut transaction, trainer.user_id, athlete.user_id, &ids, now).await?;
        // Counted with the copies, some of which the athlete may have had.
        self.check_room_for_exercises(&mut transaction, athlete.user_id, 0).await?;
        let copied: HashMap<_, _> = copied.into_iter().collect();
        for id in exercise_ids(&mut copy) {
            *id = copied.get(id).copied().unwrap_or(*id);
        }
        self.store_routine(&mut transaction, &copy).await?;
        let (action, actor) = (RoutineAction::Assigned, Actor::Trainer(&trainer));
        self.announce_routine(&mut transaction, &copy.routine, action, actor).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(trainer_id = %trainer.user_id, athlete_id = %athlete.user_id, "routine assigned");
        Ok(copy)
    }
}

fn exercise_ids(whole: &mut WholeRoutine) -> impl Iterator<Item = &mut Uuid> {
    let exercises = whole.days.iter_mut().flat_map(|day| &mut day.exercises);
    exercises.map(|exercise| &mut exercise.exercise_id)
}
