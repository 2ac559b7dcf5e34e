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
mod start_workout;
mod update_set;
mod update_workout;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::log_set::LogSet;
pub(crate) use self::start_workout::StartWorkout;
pub(crate) use self::update_set::UpdateSet;
pub(crate) use self::update_workout::UpdateWorkout;
use crate::model::measures::Measures;
use crate::model::quantity;
use crate::model::workout::{Detailed, Workout, WorkoutSet};

/// The longest that a workout lasts. What is logged later was not done just now.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// How far a caller's clock may be ahead of ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

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
