//! The rules that a plan can break.

use uuid::Uuid;

use crate::catalogue::MuscleGroup;
use crate::planner::choice::PatternGroup;

/// A rule that a plan breaks. Days count from 1.
///
/// The texts also tell a model what to do better, so they say what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say what each variant means")]
pub enum Violation {
    #[error("the plan has {found} days instead of {expected}")]
    DayCount { expected: usize, found: usize },
    #[error("the days are not in the order of the week, each at most once")]
    DayOrder,
    #[error("day {day} has an exercise that is not in the list: {exercise_id}")]
    UnknownExercise { day: usize, exercise_id: Uuid },
    #[error("day {day} has an exercise that was excluded: {exercise_id}")]
    Excluded { day: usize, exercise_id: Uuid },
    #[error("day {day} has an exercise whose equipment is missing: {exercise_id}")]
    EquipmentMissing { day: usize, exercise_id: Uuid },
    #[error("day {day} has an exercise that is too difficult: {exercise_id}")]
    TooDifficult { day: usize, exercise_id: Uuid },
    #[error("day {day} has an exercise twice: {exercise_id}")]
    Repeated { day: usize, exercise_id: Uuid },
    #[error("day {day} has an exercise for muscles that are not its own: {exercise_id}")]
    WrongDay { day: usize, exercise_id: Uuid },
    #[error("day {day} has {found} exercises, fewer than {least}")]
    TooFewExercises { day: usize, found: usize, least: usize },
    #[error("day {day} has {found} exercises, more than {most}")]
    TooManyExercises { day: usize, found: usize, most: usize },
    #[error("day {day} has a number of sets outside of {least} to {most}: {exercise_id}")]
    Sets { day: usize, exercise_id: Uuid, least: u32, most: u32 },
    #[error("day {day} counts an exercise by the wrong measure: {exercise_id}")]
    Measure { day: usize, exercise_id: Uuid },
    #[error("day {day} has a target outside of {least} to {most}: {exercise_id}")]
    Target { day: usize, exercise_id: Uuid, least: u32, most: u32 },
    #[error("day {day} has a rest outside of {least} to {most} seconds: {exercise_id}")]
    Rest { day: usize, exercise_id: Uuid, least: u32, most: u32 },
    #[error("day {day} takes {seconds} seconds, more than {most}")]
    TooLong { day: usize, seconds: u64, most: u64 },
    #[error("day {day} takes {seconds} seconds, less than {least}")]
    TooShort { day: usize, seconds: u64, least: u64 },
    #[error("{} is trained on day {day} and on the day after", .muscle.name())]
    NoRecovery { day: usize, muscle: MuscleGroup },
    #[error("{} gets {half_sets} half sets a week, more than {most}", .muscle.name())]
    TooMuchVolume { muscle: MuscleGroup, half_sets: u32, most: u32 },
    #[error("{} comes first and gets only {sets} sets a week", .muscle.name())]
    FocusMissed { muscle: MuscleGroup, sets: u32 },
    #[error("the week trains no {group:?}")]
    GroupMissing { group: PatternGroup },
    #[error("{push} sets of pushes and {pull} sets of pulls do not balance")]
    Unbalanced { push: u32, pull: u32 },
}
