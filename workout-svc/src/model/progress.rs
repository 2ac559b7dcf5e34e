//! What finished workouts came to.

use chrono::NaiveDate;
use uuid::Uuid;

use super::one_rep_max::OneRepMax;
use crate::catalogue::MuscleGroup;

/// Days of the calendar, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
}

/// Figures of some workouts, warm-ups left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) workouts: i64,
    pub(crate) sets: i64,
    pub(crate) reps: i64,
    pub(crate) volume_g: i64,
}

/// A week of training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Week {
    /// Its Monday.
    pub(crate) start: NaiveDate,
    pub(crate) totals: Totals,
}

/// Sets for a muscle group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MuscleSets {
    pub(crate) muscle: MuscleGroup,
    pub(crate) sets: i64,
}

/// The best an athlete has done in an exercise, and the first time it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) exercise_id: Uuid,
    /// In the athlete's language.
    pub(crate) exercise_name: String,
    pub(crate) one_rep_max: OneRepMax,
    pub(crate) weight_g: i64,
    pub(crate) reps: i32,
    pub(crate) workout_id: Uuid,
    pub(crate) set_id: Uuid,
    pub(crate) training_date: NaiveDate,
}

/// What an athlete has done so far, as the rules see it. Only finished workouts with at least one set that is no
/// warm-up count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Milestones {
    /// Workouts.
    pub workouts: i64,
    /// Sets in them.
    pub sets: i64,
    /// Sum of weight times repetitions in grams.
    pub volume_g: i64,
    /// Different exercises.
    pub exercises: i64,
    /// Most weeks in a row, Monday to Sunday, with a workout in each.
    pub streak_weeks: i64,
    /// Records that were announced and still stand above what they beat.
    pub records: i64,
    /// Workouts that began from four to seven in the morning where the athlete was.
    pub early_workouts: i64,
    /// Workouts that began at ten in the evening or later.
    pub late_workouts: i64,
}
