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
mod store_routine;
mod update;
mod update_day;
mod update_exercise;

pub(crate) use self::announce::Actor;
pub use self::create::CreateRoutine;
pub use self::draft::{DayDraft, ExerciseDraft};
pub use self::generate::GenerateRoutine;
pub use self::update::RoutineChanges;
pub use self::update_day::DayChanges;
pub use self::update_exercise::{ExerciseChanges, ExercisePlace};
use crate::model::routine::{Day, DayExercise, Routine, WholeRoutine};
use crate::model::set_plan::{SetPlan, SetPlanDraft, Target, check_all};
