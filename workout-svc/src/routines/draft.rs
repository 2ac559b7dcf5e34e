//! Days and exercises as somebody wrote them down, checked against the exercises there are.

use std::collections::HashMap;

use chassis::errors::Violation;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Day, DayExercise, SetPlanDraft, check_all};
use crate::limits;
use crate::model::athlete::Athlete;
use crate::model::exercise::Exercise;
use crate::store::exercises;
use crate::text;
use crate::training::TrainingError;

/// A day of a routine.
#[derive(Clone, Debug, Default)]
pub struct DayDraft {
    /// Its name.
    pub name: String,
    /// Its exercises in their order.
    pub exercises: Vec<ExerciseDraft>,
}

/// An exercise of a day.
#[derive(Clone, Debug, Default)]
pub struct ExerciseDraft {
    /// The exercise.
    pub exercise_id: Uuid,
    /// What to mind.
    pub notes: String,
    /// The sets to do.
    pub set_plans: Vec<SetPlanDraft>,
}

/// The exercises that drafts name, as far as the athlete sees them.
pub(super) struct Known(HashMap<Uuid, Exercise>);

impl Known {
    /// Looks up the exercises of all days.
    pub(super) async fn of<'a>(
        connection: &mut PgConnection,
        athlete: &Athlete,
        drafts: impl IntoIterator<Item = &'a ExerciseDraft>,
    ) -> Result<Self, TrainingError> {
        let mut ids: Vec<_> = drafts.into_iter().map(|draft| draft.exercise_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let found = exercises::find_all(connection, athlete, &ids).await?;
        Ok(Self(found.into_iter().map(|exercise| (exercise.exercise_id, exercise)).collect()))
    }

    /// Makes the days of a routine, or answers everything that is wrong with them.
    pub(super) fn days(&self, drafts: &[DayDraft]) -> Result<Vec<Day>, Vec<Violation>> {
        let (mut days, mut violations) = (Vec::with_capacity(drafts.len()), Vec::new());
        let most = limits::DAYS.most;
        if drafts.len() as u64 > most {
            violations.push(Violation::new("days", format!("must have at most {most} items")));
        }
        for (index, draft) in drafts.iter().enumerate() {
            match self.day(draft, index as i32 + 1, &format!("days[{index}].")) {
                Ok(day) => days.push(day),
                Err(more) => violations.extend(more),
            }
        }
        if violations.is_empty() { Ok(days) } else { Err(violations) }
    }

    /// Makes a day. Fields in violations begin with `prefix`.
    pub(super) fn day(&self, draft: &DayDraft, position: i32, prefix: &str) -> Result<Day, Vec<Violation>> {
        let mut violations = Vec::new();
        let name = text::line(&format!("{prefix}name"), &draft.name).unwrap_or_else(|violation| {
            violations.push(violation);
            String::new()
        });
        let most = limits::DAY_EXERCISES.most;
        if draft.exercises.len() as u64 > most {
            violations.push(Violation::new(
                format!("{prefix}exercises"),
                format!("must have at most {most} items"),
            ));
        }
        let mut exercises = Vec::with_capacity(draft.exercises.len());
        for (index, draft) in draft.exercises.iter().enumerate() {
            match self.exercise(draft, index as i32 + 1, &format!("{prefix}exercises[{index}].")) {
                Ok(exercise) => exercises.push(exercise),
                Err(more) => violations.extend(more),
            }
        }
        if violations.is_empty() {
            Ok(Day { day_id: Uuid::now_v7(), name, position, exercises })
        } else {
            Err(violations)
        }
    }

    /// Makes an exercise of a day. Fields in violations begin with `prefix`.
    pub(super) fn exercise(
        &self,
        draft: &ExerciseDraft,
        position: i32,
        prefix: &str,
    ) -> Result<DayExercise, Vec<Violation>> {
        let notes = text::lines(&format!("{prefix}notes"), &draft.notes);
        let Some(exercise) = self.0.get(&draft.exercise_id) else {
            let unknown = Violation::new(format!("{prefix}exercise_id"), "there is no such exercise");
            return Err([notes.err(), Some(unknown)].into_iter().flatten().collect());
        };
        let set_plans = check_all(&draft.set_plans, exercise.measure, &format!("{prefix}set_plans"));
        match (notes, set_plans) {
            (Ok(notes), Ok(set_plans)) => Ok(DayExercise {
                routine_exercise_id: Uuid::now_v7(),
                exercise_id: exercise.exercise_id,
                exercise_name: exercise.details.name.clone(),
                position,
                notes,
                set_plans,
            }),
            (notes, set_plans) => {
                Err(notes.err().into_iter().chain(set_plans.err().into_iter().flatten()).collect())
            }
        }
    }
}
