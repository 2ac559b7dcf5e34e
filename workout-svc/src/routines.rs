//! Routines: days of exercises with their sets.
//!
//! Whoever changes anything of a routine locks its row first and counts the change there, so that changes of one
//! routine take turns and their events go out in the same order.

mod announce;
mod copy;
mod create;
mod create_day;
mod create_exercise;
mod delete;
mod delete_day;
mod delete_exercise;
mod draft;
mod generate;
mod get;
mod list;
mod set_plan;
mod store_routine;
mod update;
mod update_day;
mod update_exercise;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(crate) use self::announce::Actor;
pub use self::create::CreateRoutine;
pub use self::draft::{DayDraft, ExerciseDraft};
pub use self::generate::GenerateRoutine;
pub use self::set_plan::{Load, SetPlan, SetPlanDraft, Target};
pub use self::update::RoutineChanges;
pub use self::update_day::DayChanges;
pub use self::update_exercise::{ExerciseChanges, ExercisePlace};
use crate::catalogue::Difficulty;
use crate::planner::{Goal, PlannerKind};

/// A routine.
#[derive(Clone, Debug, PartialEq)]
pub struct Routine {
    /// Identifier.
    pub routine_id: Uuid,
    /// Who owns it.
    pub user_id: Uuid,
    /// Its name.
    pub name: String,
    /// What its owner says about it.
    pub description: String,
    /// What it is for, if anybody said.
    pub goal: Option<Goal>,
    /// Whom it is for, if anybody said.
    pub level: Option<Difficulty>,
    /// Who generated it.
    pub planner: Option<PlannerKind>,
    /// The trainer who assigned it.
    pub assigned_by: Option<Uuid>,
    /// How many days it has.
    pub day_count: usize,
    /// Counts its changes.
    pub revision: i32,
    /// When it was made.
    pub create_time: DateTime<Utc>,
    /// When it was last changed.
    pub update_time: DateTime<Utc>,
}

/// A routine with its days in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct WholeRoutine {
    /// The routine.
    pub routine: Routine,
    /// Its days.
    pub days: Vec<Day>,
}

/// A day of a routine.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Identifier.
    pub day_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its place among the days, from 1.
    pub position: i32,
    /// Its exercises in their order.
    pub exercises: Vec<DayExercise>,
}

/// An exercise of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct DayExercise {
    /// Identifier.
    pub routine_exercise_id: Uuid,
    /// The exercise.
    pub exercise_id: Uuid,
    /// Its name in the language of who looks at it.
    pub exercise_name: String,
    /// Its place among the exercises of the day, from 1.
    pub position: i32,
    /// What to mind.
    pub notes: String,
    /// The sets to do, in their order.
    pub set_plans: Vec<SetPlan>,
}
