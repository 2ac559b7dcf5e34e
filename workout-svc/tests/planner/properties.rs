//! What holds for every request.

use std::collections::BTreeSet;

use proptest::prelude::*;
use workout_svc::catalogue::{Difficulty, MovementPattern, MuscleGroup};
use workout_svc::planner::{FocusError, FocusMuscles, Goal, PlanError, Target, plan, validate};

use crate::requests::{any_own_exercise, any_request, by_id, choices, request};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    #[test]
    fn every_request_gets_a_plan_that_keeps_the_rules(request in any_request(0..20), seed: u64) {
        let plan = plan(&request, choices(), seed).unwrap();
        prop_assert_eq!(validate(&plan, &request, choices()), Ok(()));
    }

    #[test]
    fn own_exercises_of_any_kind_may_be_among_them(
        request in any_request(0..20),
        own in proptest::collection::vec(any_own_exercise(), 0..30),
        seed: u64,
    ) {
        let all: Vec<_> = choices().iter().cloned().chain(own).collect();
        let plan = plan(&request, &all, seed).unwrap();
        prop_assert_eq!(validate(&plan, &request, &all), Ok(()));
    }

    #[test]
    fn with_many_exclusions_there_is_a_good_plan_or_a_clear_refusal(request in any_request(20..276), seed: u64) {
        match plan(&request, choices(), seed) {
            Ok(plan) => prop_assert_eq!(validate(&plan, &request, choices()), Ok(())),
            Err(PlanError::TooFewExercises(violations)) => prop_assert!(!violations.is_empty()),
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_whatever_the_order_of_the_exercises(
        request in any_request(0..20),
        seed: u64,
        shuffled in Just(choices().to_vec()).prop_shuffle(),
    ) {
        prop_assert_eq!(plan(&request, choices(), seed), plan(&request, &shuffled, seed));
    }
}

#[test]
fn another_seed_gives_another_plan() {
    let request = request(Goal::General, Difficulty::Intermediate, 3, 60);
    let plans: Vec<_> = (0..10).map(|seed| plan(&request, choices(), seed).unwrap()).collect();
    let distinct = plans.iter().enumerate().filter(|(index, plan)| !plans[..*index].contains(plan)).count();
    assert!(distinct >= 8, "{distinct}");
}

#[test]
fn an_hour_is_used_nearly_to_the_end_and_begins_with_the_hardest() {
    for goal in Goal::ALL {
        for days in 1..=6 {
            let request = request(*goal, Difficulty::Intermediate, days, 60);
            for day in plan(&request, choices(), 7).unwrap().days {
                let first = by_id(day.exercises[0].exercise_id);
                assert!(!matches!(first.pattern, MovementPattern::Isolation | MovementPattern::Mobility));
                assert!((4..=9).contains(&day.exercises.len()), "{goal:?} on {days} days: {day:?}");
            }
        }
    }
}

#[test]
fn strength_is_trained_with_few_repetitions_and_long_rests_and_endurance_the_other_way_round() {
    let average = |goal| {
        let request = request(goal, Difficulty::Advanced, 4, 60);
        let plan = plan(&request, choices(), 1).unwrap();
        let exercises = plan.days.iter().flat_map(|day| &day.exercises);
        let counted: Vec<_> = exercises
            .filter_map(|exercise| match exercise.target {
                Target::Repetitions { max, .. } => Some((max, exercise.rest_seconds)),
                _ => None,
            })
            .collect();
        let sum = counted.iter().fold((0, 0), |sum, (max, rest)| (sum.0 + max, sum.1 + rest));
        let count = u32::try_from(counted.len()).unwrap();
        (sum.0 / count, sum.1 / count)
    };
    let (strength, endurance) = (average(Goal::Strength), average(Goal::Endurance));
    assert!(strength.0 < endurance.0 && strength.1 > endurance.1, "{strength:?} {endurance:?}");
}

#[test]
fn muscles_that_come_first_get_more_than_they_would() {
    for muscle in [MuscleGroup::Calves, MuscleGroup::Biceps, MuscleGroup::Glutes, MuscleGroup::Chest] {
        let sets = |focus: FocusMuscles| {
            let request = workout_svc::planner::PlanRequest {
                focus,
                ..request(Goal::Hypertrophy, Difficulty::Intermediate, 4, 60)
            };
            let plan = plan(&request, choices(), 3).unwrap();
            let exercises = plan.days.iter().flat_map(|day| &day.exercises);
            exercises
                .filter(|exercise| by_id(exercise.exercise_id).muscles.contains(&muscle))
                .map(|exercise| exercise.sets)
                .sum::<u32>()
        };
        let (first, usual) = (sets(FocusMuscles::new([muscle]).unwrap()), sets(FocusMuscles::default()));
        assert!(first > usual, "{muscle:?}: {first} instead of {usual}");
    }
}

#[test]
fn nothing_to_choose_from_is_refused() {
    let request = request(Goal::General, Difficulty::Beginner, 3, 45);
    assert!(matches!(plan(&request, &[], 1), Err(PlanError::TooFewExercises(_))));
}

#[test]
fn at_most_three_muscles_can_come_first_and_only_muscles() {
    use MuscleGroup as M;
    assert_eq!(FocusMuscles::new([M::Chest, M::Lats, M::Abs, M::Calves]), Err(FocusError::TooMany));
    assert_eq!(FocusMuscles::new([M::Cardio]), Err(FocusError::NoMuscle(M::Cardio)));
    let focus = FocusMuscles::new([M::Chest, M::Chest]).unwrap();
    assert_eq!(focus.iter().collect::<BTreeSet<_>>(), BTreeSet::from([M::Chest]));
}
