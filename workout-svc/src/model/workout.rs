//! Workouts and their sets.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::measures::Measures;
use super::one_rep_max::OneRepMax;
use super::set_plan::SetPlan;

/// A workout.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_field_names, reason = "an id is named after what it names")]
pub(crate) struct Workout {
    pub(crate) workout_id: Uuid,
    pub(crate) name: String,
    pub(crate) note: String,
    pub(crate) start_time: DateTime<Utc>,
    pub(crate) training_date: NaiveDate,
    pub(crate) finish_time: Option<DateTime<Utc>>,
    pub(crate) routine_id: Option<Uuid>,
    pub(crate) day_id: Option<Uuid>,
    /// The exercises of the routine's day as they were at the start.
    pub(crate) plan: Vec<PlannedExercise>,
    /// Sets, warm-ups left out.
    pub(crate) set_count: i64,
    /// Sum of weight times repetitions of these.
    pub(crate) volume_g: i64,
}

/// An exercise that a workout was started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlannedExercise {
    pub(crate) exercise_id: Uuid,
    pub(crate) notes: String,
    pub(crate) set_plans: Vec<SetPlan>,
}

/// A workout with its sets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Detailed {
    pub(crate) workout: Workout,
    pub(crate) sets: Vec<WorkoutSet>,
}

/// A set as it was done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WorkoutSet {
    pub(crate) set_id: Uuid,
    pub(crate) workout_id: Uuid,
    pub(crate) exercise_id: Uuid,
    pub(crate) number: i32,
    pub(crate) measures: Measures,
    pub(crate) note: String,
    pub(crate) warm_up: bool,
    pub(crate) one_rep_max: Option<OneRepMax>,
    pub(crate) log_time: DateTime<Utc>,
}
