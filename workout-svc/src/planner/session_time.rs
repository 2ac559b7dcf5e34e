//! How long a session takes, by one explicit model:
//!
//! ```text
//! session  = warm-up + exercises
//! exercise = 60 s to get ready + sets × work + (sets − 1) × rest
//! work     = 3 s a repetition, or the seconds themselves, or 1 s a meter carried, 0.5 s a meter run or walked
//! ```
//!
//! A range of repetitions counts with its upper end.

use super::dosage::Kind;
use super::plan::{PlanExercise, Target};
use super::request::SessionMinutes;
use crate::model::exercise::ExerciseChoice;

const CHANGE_SECONDS: u64 = 60;
const SECONDS_PER_REPETITION: u64 = 3;

/// All that a session has.
pub(crate) fn available_seconds(session: SessionMinutes) -> u64 {
    u64::from(session.get()) * 60
}

/// What the warm-up takes.
pub(crate) fn warm_up_seconds(session: SessionMinutes) -> u64 {
    match session.get() {
        ..30 => 180,
        30..60 => 300,
        _ => 480,
    }
}

/// What a planned exercise takes. Numbers from a model can be absurd, so nothing overflows here.
pub(crate) fn exercise_seconds(exercise: &PlanExercise, choice: &ExerciseChoice) -> u64 {
    let sets = u64::from(exercise.sets);
    let work = match exercise.target {
        Target::Repetitions { max, .. } => u64::from(max) * SECONDS_PER_REPETITION,
        Target::Seconds(seconds) => u64::from(seconds),
        Target::Meters(meters) if Kind::of(choice) == Kind::Carry => u64::from(meters),
        Target::Meters(meters) => u64::from(meters).div_ceil(2),
    };
    let pauses = sets.saturating_sub(1).saturating_mul(u64::from(exercise.rest_seconds));
    CHANGE_SECONDS.saturating_add(sets.saturating_mul(work)).saturating_add(pauses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    fn seconds(slug: &str, sets: u32, target: Target, rest_seconds: u32) -> u64 {
        let catalogue = Catalogue::embedded().unwrap();
        let exercise = catalogue.exercises.iter().find(|exercise| exercise.slug == slug).unwrap();
        let choice = ExerciseChoice::from(exercise);
        let planned = PlanExercise { exercise_id: choice.exercise_id, sets, target, rest_seconds };
        exercise_seconds(&planned, &choice)
    }

    #[test]
    fn work_rest_and_change_add_up() {
        assert_eq!(seconds("push_up", 3, Target::Repetitions { min: 8, max: 12 }, 90), 60 + 3 * 36 + 2 * 90);
        assert_eq!(seconds("plank", 2, Target::Seconds(40), 30), 60 + 2 * 40 + 30);
        assert_eq!(seconds("bear_crawl", 2, Target::Meters(20), 60), 60 + 2 * 20 + 60);
        assert_eq!(seconds("brisk_walk", 1, Target::Meters(1_001), 60), 60 + 501);
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        let absurd = Target::Repetitions { min: 0, max: u32::MAX };
        assert!(seconds("push_up", u32::MAX, absurd, u32::MAX) > u64::from(u32::MAX));
        assert_eq!(seconds("push_up", 0, Target::Seconds(0), 60), 60);
    }
}
