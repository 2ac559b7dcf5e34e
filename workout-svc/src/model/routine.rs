//! Routines: days of exercises with their sets.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::set_plan::SetPlan;
use crate::catalogue::{Difficulty, vocabulary};

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

vocabulary! {
    /// What the training is for.
    Goal, "goal";
    /// To lift more.
    Strength, "strength";
    /// To have more muscle.
    Hypertrophy, "hypertrophy";
    /// To last longer.
    Endurance, "endurance";
    /// To lose fat.
    FatLoss, "fat_loss";
    /// To be fit.
    General, "general";
}

/// Who made a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannerKind {
    /// Our rules.
    Rules,
    /// A language model.
    Model,
}

impl PlannerKind {
    /// The name in answers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Model => "model",
        }
    }
}
