//! Whether a plan keeps the rules, whoever made it.
//!
//! It looks at the finished plan alone and shares only the tables of numbers with the planner, so that it finds the
//! planner's mistakes as well as a model's.

mod day;
mod violation;
mod week;

use std::collections::BTreeMap;

use uuid::Uuid;

pub use self::violation::Violation;
use super::plan::{Plan, PlanDay, PlanExercise};
use super::request::PlanRequest;
use crate::model::exercise::ExerciseChoice;

/// Answers every rule that the plan breaks. A plan without violations fits the request.
pub fn validate(
    plan: &Plan,
    request: &PlanRequest,
    choices: &[ExerciseChoice],
) -> Result<(), Vec<Violation>> {
    let context = Context::new(plan, request, choices);
    let mut violations = Vec::new();
    for (number, day) in (1..).zip(&plan.days) {
        day::check(&context, number, day, &mut violations);
    }
    week::check(&context, plan, &mut violations);
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

/// What every check needs.
struct Context<'a> {
    request: &'a PlanRequest,
    by_id: BTreeMap<Uuid, &'a ExerciseChoice>,
    /// What the plan could have used on one of its days.
    within_reach: Vec<&'a ExerciseChoice>,
}

impl<'a> Context<'a> {
    fn new(plan: &Plan, request: &'a PlanRequest, choices: &'a [ExerciseChoice]) -> Self {
        let by_id: BTreeMap<_, _> = choices.iter().map(|choice| (choice.exercise_id, choice)).collect();
        let has_a_day = |choice: &ExerciseChoice| plan.days.iter().any(|day| day::fits(day, choice));
        let within_reach: Vec<_> =
            by_id.values().copied().filter(|choice| choice.suits(request) && has_a_day(choice)).collect();
        Self { request, by_id, within_reach }
    }

    /// The planned exercises of a day that exist.
    fn known<'d>(
        &'d self,
        day: &'d PlanDay,
    ) -> impl Iterator<Item = (&'d PlanExercise, &'a ExerciseChoice)> + 'd {
        day.exercises.iter().filter_map(|planned| Some((planned, *self.by_id.get(&planned.exercise_id)?)))
    }
}
