//! `CreateRoutine`: makes a routine, with or without days.

use chassis::errors::Violation;
use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::draft::Known;
use super::{Actor, DayDraft, Routine, WholeRoutine};
use crate::catalogue::Difficulty;
use crate::model::routine::Goal;
use crate::text;
use crate::training::{Training, TrainingError};

/// A new routine.
#[derive(Clone, Debug)]
pub struct CreateRoutine {
    /// Its name.
    pub name: String,
    /// What to say about it.
    pub description: String,
    /// What it is for.
    pub goal: Option<Goal>,
    /// Whom it is for.
    pub level: Option<Difficulty>,
    /// Its days in their order.
    pub days: Vec<DayDraft>,
}

impl Training {
    /// Stores the routine.
    pub async fn create_routine(
        &self,
        user_id: Uuid,
        request: CreateRoutine,
    ) -> Result<WholeRoutine, TrainingError> {
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let drafts = request.days.iter().flat_map(|day| &day.exercises);
        let known = Known::of(&mut transaction, &athlete, drafts).await?;
        let (name, description, days) = check(&request, &known)?;
        let routine = Routine {
            routine_id: Uuid::now_v7(),
            user_id,
            name,
            description,
            goal: request.goal,
            level: request.level,
            planner: None,
            assigned_by: None,
            day_count: days.len(),
            revision: 1,
            create_time: now,
            update_time: now,
        };
        let whole = WholeRoutine { routine, days };
        self.store_routine(&mut transaction, &whole).await?;
        self.announce_routine(&mut transaction, &whole.routine, RoutineAction::Created, Actor::Owner).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(whole)
    }
}

fn check(
    request: &CreateRoutine,
    known: &Known,
) -> Result<(String, String, Vec<super::Day>), Vec<Violation>> {
    let name = text::line("name", &request.name);
    let description = text::lines("description", &request.description);
    match (name, description, known.days(&request.days)) {
        (Ok(name), Ok(description), Ok(days)) => Ok((name, description, days)),
        (name, description, days) => {
            let own = [name.err(), description.err()].into_iter().flatten();
            Err(own.chain(days.err().into_iter().flatten()).collect())
        }
    }
}
