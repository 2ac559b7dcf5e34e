//! The rules of a single day.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::{Context, Violation};
use crate::catalogue::Measure;
use crate::model::exercise::ExerciseChoice;
use crate::planner::dosage::{Kind, dosage};
use crate::planner::limits::{max_exercises, min_exercises, min_session_seconds};
use crate::planner::plan::{PlanDay, PlanExercise, Target};
use crate::planner::session_time::{available_seconds, exercise_seconds, warm_up_seconds};

pub(super) fn check(context: &Context<'_>, day: usize, planned: &PlanDay, violations: &mut Vec<Violation>) {
    count(context, day, planned, violations);
    let mut seen = BTreeSet::new();
    for exercise in &planned.exercises {
        let exercise_id = exercise.exercise_id;
        if !seen.insert(exercise_id) {
            violations.push(Violation::Repeated { day, exercise_id });
        }
        match context.by_id.get(&exercise_id) {
            None => violations.push(Violation::UnknownExercise { day, exercise_id }),
            Some(choice) => {
                suitability(context, day, planned, choice, violations);
                amounts(context, day, exercise, choice, violations);
            }
        }
    }
    time(context, day, planned, violations);
}

/// Whether the exercise may be on the day: light work always, other work where all that it tires has its day.
pub(super) fn fits(day: &PlanDay, choice: &ExerciseChoice) -> bool {
    !choice.tires_muscles() || choice.muscles.iter().all(|muscle| day.focus.has(*muscle))
}

fn count(context: &Context<'_>, day: usize, planned: &PlanDay, violations: &mut Vec<Violation>) {
    let found = planned.exercises.len();
    let (least, most) = (min_exercises(context.request.session), max_exercises(context.request.session));
    if found < least {
        violations.push(Violation::TooFewExercises { day, found, least });
    }
    if found > most {
        violations.push(Violation::TooManyExercises { day, found, most });
    }
}

fn suitability(
    context: &Context<'_>,
    day: usize,
    planned: &PlanDay,
    choice: &ExerciseChoice,
    violations: &mut Vec<Violation>,
) {
    let exercise_id = choice.exercise_id;
    let request = context.request;
    if request.excluded.contains(&exercise_id) {
        violations.push(Violation::Excluded { day, exercise_id });
    }
    if !choice.equipment.iter().all(|piece| request.has(*piece)) {
        violations.push(Violation::EquipmentMissing { day, exercise_id });
    }
    if choice.difficulty > request.level {
        violations.push(Violation::TooDifficult { day, exercise_id });
    }
    if !fits(planned, choice) {
        violations.push(Violation::WrongDay { day, exercise_id });
    }
}

fn amounts(
    context: &Context<'_>,
    day: usize,
    exercise: &PlanExercise,
    choice: &ExerciseChoice,
    violations: &mut Vec<Violation>,
) {
    let exercise_id = exercise.exercise_id;
    let allowed = dosage(context.request.goal, context.request.level, Kind::of(choice));
    if !allowed.sets.contains(&exercise.sets) {
        let (least, most) = allowed.sets.into_inner();
        violations.push(Violation::Sets { day, exercise_id, least, most });
    }
    if !allowed.rest_seconds.contains(&exercise.rest_seconds) {
        let (least, most) = allowed.rest_seconds.into_inner();
        violations.push(Violation::Rest { day, exercise_id, least, most });
    }
    let mut within = |range: RangeInclusive<u32>, low: u32, high: u32| {
        if low > high || !range.contains(&low) || !range.contains(&high) {
            let (least, most) = range.into_inner();
            violations.push(Violation::Target { day, exercise_id, least, most });
        }
    };
    match (choice.measure, exercise.target) {
        (Measure::Repetitions, Target::Repetitions { min, max }) => within(allowed.repetitions, min, max),
        (Measure::Time, Target::Seconds(seconds)) => within(allowed.seconds, seconds, seconds),
        (Measure::Distance, Target::Meters(meters)) => within(allowed.meters, meters, meters),
        _ => violations.push(Violation::Measure { day, exercise_id }),
    }
}

fn time(context: &Context<'_>, day: usize, planned: &PlanDay, violations: &mut Vec<Violation>) {
    let session = context.request.session;
    let exercises = context.known(planned).map(|(exercise, choice)| exercise_seconds(exercise, choice));
    let seconds = exercises.fold(warm_up_seconds(session), u64::saturating_add);
    let (least, most) = (min_session_seconds(session), available_seconds(session));
    if seconds < least {
        violations.push(Violation::TooShort { day, seconds, least });
    }
    if seconds > most {
        violations.push(Violation::TooLong { day, seconds, most });
    }
}
