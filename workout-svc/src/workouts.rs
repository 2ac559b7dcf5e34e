//! Workouts and their sets: the training log.
//!
//! A workout is started, sets are logged, and it is finished once. From then on it counts: what follows from it is in
//! [`crate::progress`]. Its sets can still be corrected, and what follows is corrected with them.

mod delete_set;
mod delete_workout;
mod finish_workout;
mod get_workout;
mod list_sets;
mod list_workouts;
mod log_set;
mod measures;
pub(crate) mod quantity;
mod start_workout;
mod update_set;
mod update_workout;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::log_set::LogSet;
pub(crate) use self::measures::Measures;
pub(crate) use self::start_workout::StartWorkout;
pub(crate) use self::update_set::UpdateSet;
pub(crate) use self::update_workout::UpdateWorkout;
use crate::model::set_plan::SetPlan;
use crate::progress::OneRepMax;

/// The longest that a workout lasts. What is logged later was not done just now.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// How far a caller's clock may be ahead of ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

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

/// When something in a workout happened that was told just now: now, or with the start if that is too long ago.
fn moment_in_workout(start_time: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    if now - start_time <= LONGEST { now.max(start_time) } else { start_time }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_a_day_later_happened_at_the_start() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let told = |hours| moment_in_workout(start, start + TimeDelta::hours(hours)) - start;
        assert_eq!(told(1), TimeDelta::hours(1));
        assert_eq!(told(24), TimeDelta::hours(24));
        assert_eq!(told(25), TimeDelta::zero());
        assert_eq!(told(-1), TimeDelta::zero());
    }
}
