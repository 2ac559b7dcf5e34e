//! The rules of the whole week.

use std::collections::BTreeMap;

use super::{Context, Violation};
use crate::catalogue::MuscleGroup;
use crate::model::exercise::ExerciseChoice;
use crate::planner::choice::PatternGroup;
use crate::planner::limits::{
    CHOICES_FOR_BALANCE, MIN_FOCUS_SETS, PRIMARY_HALF_SETS, SECONDARY_HALF_SETS, max_half_sets, most_beside,
    required_groups,
};
use crate::planner::plan::{Plan, PlanDay, PlanExercise};

pub(super) fn check(context: &Context<'_>, plan: &Plan, violations: &mut Vec<Violation>) {
    days(context, plan, violations);
    recovery(context, plan, violations);
    volume(context, plan, violations);
    focus(context, plan, violations);
    groups(context, plan, violations);
    balance(context, plan, violations);
}

fn days(context: &Context<'_>, plan: &Plan, violations: &mut Vec<Violation>) {
    let (expected, found) = (context.request.days_per_week.get() as usize, plan.days.len());
    if expected != found {
        violations.push(Violation::DayCount { expected, found });
    }
    let in_order = |this: &PlanDay, next: &PlanDay| {
        this.weekday.num_days_from_monday() < next.weekday.num_days_from_monday()
    };
    if !plan.days.is_sorted_by(in_order) {
        violations.push(Violation::DayOrder);
    }
}

/// A week repeats, so Monday comes after Sunday.
fn recovery(context: &Context<'_>, plan: &Plan, violations: &mut Vec<Violation>) {
    for (day, today) in (1..).zip(&plan.days) {
        let Some(tomorrow) = plan.days.iter().find(|other| other.weekday == today.weekday.succ()) else {
            continue;
        };
        for &muscle in MuscleGroup::ALL.iter().filter(|muscle| !muscle.recovers_overnight()) {
            if tires(context, today, muscle) && tires(context, tomorrow, muscle) {
                violations.push(Violation::NoRecovery { day, muscle });
            }
        }
    }
}

fn tires(context: &Context<'_>, day: &PlanDay, muscle: MuscleGroup) -> bool {
    context.known(day).any(|(_, choice)| choice.tires_muscles() && choice.muscles.contains(&muscle))
}

fn volume(context: &Context<'_>, plan: &Plan, violations: &mut Vec<Violation>) {
    let mut volumes: BTreeMap<MuscleGroup, u32> = BTreeMap::new();
    for (exercise, choice) in tiring(context, plan) {
        let primary = choice.muscles.iter().map(|muscle| (muscle, PRIMARY_HALF_SETS));
        let secondary = choice.secondary_muscles.iter().map(|muscle| (muscle, SECONDARY_HALF_SETS));
        for (muscle, share) in primary.chain(secondary) {
            let volume = volumes.entry(*muscle).or_default();
            *volume = volume.saturating_add(exercise.sets.saturating_mul(share));
        }
    }
    for (muscle, half_sets) in volumes.into_iter().filter(|(muscle, _)| muscle.is_muscle()) {
        let most = max_half_sets(context.request, muscle);
        if half_sets > most {
            violations.push(Violation::TooMuchVolume { muscle, half_sets, most });
        }
    }
}

fn focus(context: &Context<'_>, plan: &Plan, violations: &mut Vec<Violation>) {
    for muscle in context.request.focus.iter() {
        let trains = |choice: &ExerciseChoice| choice.tires_muscles() && choice.muscles.contains(&muscle);
        let sets = sets(context, plan, trains);
        if sets < MIN_FOCUS_SETS && context.within_reach.iter().any(|choice| trains(choice)) {
            violations.push(Violation::FocusMissed { muscle, sets });
        }
    }
}

fn groups(context: &Context<'_>, plan: &Plan, violations: &mut Vec<Violation>) {
    for &group in required_groups(context.request) {
        let within_reach = context.within_reach.iter().any(|choice| group.has(choice.pattern));
        if within_reach && sets(context, plan, |choice| group.has(choice.pattern)) == 0 {
            violations.push(Violation::GroupMissing { group });
        }
    }
}

/// What is done for a muscle that comes first may outweigh the other side, so it counts on its own side only.
fn balance(context: &Context<'_>, plan: &Plan, violations: &mut Vec<Violation>) {
    let (push, pull) = (PatternGroup::Push, PatternGroup::Pull);
    let required = required_groups(context.request);
    let has_choice = |group: PatternGroup| {
        let choices = context.within_reach.iter().filter(|choice| group.has(choice.pattern));
        required.contains(&group) && choices.count() >= CHOICES_FOR_BALANCE
    };
    if !has_choice(push) || !has_choice(pull) {
        return;
    }
    let is_first =
        |choice: &ExerciseChoice| choice.muscles.iter().any(|muscle| context.request.focus.contains(*muscle));
    let all = |group: PatternGroup| sets(context, plan, |choice| group.has(choice.pattern));
    let usual =
        |group: PatternGroup| sets(context, plan, |choice| group.has(choice.pattern) && !is_first(choice));
    if usual(push) > most_beside(all(pull)) || usual(pull) > most_beside(all(push)) {
        violations.push(Violation::Unbalanced { push: all(push), pull: all(pull) });
    }
}

/// The sets a week of the exercises that count.
fn sets(context: &Context<'_>, plan: &Plan, counts: impl Fn(&ExerciseChoice) -> bool) -> u32 {
    let exercises = plan.days.iter().flat_map(|day| context.known(day));
    exercises
        .filter(|(_, choice)| counts(choice))
        .map(|(exercise, _)| exercise.sets)
        .fold(0, u32::saturating_add)
}

fn tiring<'a>(
    context: &'a Context<'a>,
    plan: &'a Plan,
) -> impl Iterator<Item = (&'a PlanExercise, &'a ExerciseChoice)> {
    plan.days.iter().flat_map(|day| context.known(day)).filter(|(_, choice)| choice.tires_muscles())
}
