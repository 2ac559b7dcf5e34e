//! The validator refuses every kind of broken plan: each test breaks one thing of a good one.

use std::collections::BTreeSet;

use workout_svc::catalogue::{Difficulty, Measure, MovementPattern, MuscleGroup};
use workout_svc::planner::{
    FocusMuscles, Goal, PatternGroup, Plan, PlanExercise, PlanRequest, Target, Violation, plan, validate,
};

use crate::requests::{by_id, choice, choices, request};

fn good(request: &PlanRequest) -> Plan {
    let plan = plan(request, choices(), 11).unwrap();
    assert_eq!(validate(&plan, request, choices()), Ok(()));
    plan
}

/// The violations of a plan that was good before `harm` came.
fn after(request: &PlanRequest, harm: impl FnOnce(&mut Plan)) -> Vec<Violation> {
    let mut plan = good(request);
    harm(&mut plan);
    validate(&plan, request, choices()).unwrap_err()
}

fn usual() -> PlanRequest {
    request(Goal::General, Difficulty::Intermediate, 4, 60)
}

fn first_of(plan: &mut Plan, measure: Measure) -> &mut PlanExercise {
    let exercises = plan.days.iter_mut().flat_map(|day| &mut day.exercises);
    let mut fitting = exercises.filter(|exercise| by_id(exercise.exercise_id).measure == measure);
    fitting.next().unwrap()
}

macro_rules! assert_has {
    ($violations:expr, $pattern:pat $(if $guard:expr)?) => {
        let violations = $violations;
        assert!(
            violations.iter().any(|violation| matches!(violation, $pattern $(if $guard)?)),
            "{violations:?}"
        );
    };
}

#[test]
fn a_day_too_few_or_too_many() {
    assert_has!(after(&usual(), |plan| drop(plan.days.pop())), Violation::DayCount { expected: 4, found: 3 });
    let twice = after(&usual(), |plan| plan.days.push(plan.days[0].clone()));
    assert_has!(&twice, Violation::DayCount { expected: 4, found: 5 });
    assert_has!(&twice, Violation::DayOrder);
}

#[test]
fn days_in_the_wrong_order() {
    assert_has!(after(&usual(), |plan| plan.days.reverse()), Violation::DayOrder);
}

#[test]
fn an_exercise_that_does_not_exist() {
    let violations = after(&usual(), |plan| plan.days[1].exercises[0].exercise_id = uuid::Uuid::nil());
    assert_has!(violations, Violation::UnknownExercise { day: 2, exercise_id } if exercise_id.is_nil());
}

#[test]
fn an_excluded_exercise() {
    let plan = good(&usual());
    let exercise_id = plan.days[0].exercises[0].exercise_id;
    let picky = PlanRequest { excluded: BTreeSet::from([exercise_id]), ..usual() };
    let violations = validate(&plan, &picky, choices()).unwrap_err();
    assert_eq!(violations, [Violation::Excluded { day: 1, exercise_id }]);
}

#[test]
fn equipment_that_is_not_there() {
    let violations =
        after(&usual(), |plan| plan.days[0].exercises[0].exercise_id = choice("lat_pulldown").exercise_id);
    assert_has!(violations, Violation::EquipmentMissing { day: 1, .. });
}

#[test]
fn an_exercise_that_is_too_difficult() {
    let violations =
        after(&usual(), |plan| plan.days[0].exercises[0].exercise_id = choice("archer_push_up").exercise_id);
    assert_has!(violations, Violation::TooDifficult { day: 1, .. });
}

#[test]
fn an_exercise_twice_a_day() {
    let violations = after(&usual(), |plan| {
        let again = plan.days[0].exercises[0].clone();
        plan.days[0].exercises[1] = again;
    });
    assert_has!(violations, Violation::Repeated { day: 1, .. });
}

#[test]
fn a_muscle_on_the_wrong_day_and_on_two_days_running() {
    // Mondays are for the upper body and Tuesdays for the lower.
    let violations = after(&usual(), |plan| {
        plan.days[0].exercises[0].exercise_id = choice("bodyweight_squat").exercise_id;
        plan.days[1].exercises[0].exercise_id = choice("dumbbell_squat").exercise_id;
    });
    assert_has!(&violations, Violation::WrongDay { day: 1, .. });
    assert_has!(&violations, Violation::NoRecovery { day: 1, muscle: MuscleGroup::Quadriceps });
}

#[test]
fn a_week_of_full_body_days_in_a_row() {
    let request = request(Goal::General, Difficulty::Intermediate, 3, 60);
    let violations = after(&request, |plan| {
        plan.days[1].weekday = chrono::Weekday::Tue;
        plan.days[2].weekday = chrono::Weekday::Sun;
    });
    assert_has!(&violations, Violation::NoRecovery { day: 1, .. });
    assert_has!(&violations, Violation::NoRecovery { day: 3, .. });
}

#[test]
fn too_few_and_too_many_exercises() {
    assert_has!(
        after(&usual(), |plan| plan.days[2].exercises.truncate(3)),
        Violation::TooFewExercises { day: 3, found: 3, least: 4 }
    );
    let crowd = after(&usual(), |plan| {
        let all = choices().iter().take(20).map(|choice| PlanExercise {
            exercise_id: choice.exercise_id,
            sets: 2,
            target: Target::Repetitions { min: 8, max: 10 },
            rest_seconds: 60,
        });
        plan.days[2].exercises = all.collect();
    });
    assert_has!(&crowd, Violation::TooManyExercises { day: 3, found: 20, .. });
    assert_has!(&crowd, Violation::TooLong { day: 3, .. });
}

#[test]
fn sets_out_of_range() {
    for sets in [0, 9, u32::MAX] {
        let violations = after(&usual(), |plan| plan.days[0].exercises[0].sets = sets);
        assert_has!(violations, Violation::Sets { day: 1, .. });
    }
}

#[test]
fn rests_out_of_range() {
    for seconds in [0, 601, u32::MAX] {
        let violations = after(&usual(), |plan| plan.days[0].exercises[0].rest_seconds = seconds);
        assert_has!(violations, Violation::Rest { day: 1, .. });
    }
}

#[test]
fn targets_out_of_range_or_the_wrong_way_round() {
    for (min, max) in [(0, 10), (6, 200), (12, 8), (u32::MAX, u32::MAX)] {
        let violations = after(&usual(), |plan| {
            first_of(plan, Measure::Repetitions).target = Target::Repetitions { min, max };
        });
        assert_has!(violations, Violation::Target { .. });
    }
}

#[test]
fn targets_of_the_wrong_measure() {
    let violations = after(&usual(), |plan| {
        first_of(plan, Measure::Repetitions).target = Target::Seconds(30);
    });
    assert_has!(violations, Violation::Measure { .. });
}

#[test]
fn a_session_that_is_over_at_once() {
    let violations = after(&usual(), |plan| {
        for exercise in &mut plan.days[0].exercises {
            (exercise.sets, exercise.rest_seconds) = (1, 0);
        }
        plan.days[0].exercises.truncate(4);
    });
    assert_has!(violations, Violation::TooShort { day: 1, .. });
}

#[test]
fn too_much_for_a_muscle() {
    let request = request(Goal::Hypertrophy, Difficulty::Beginner, 6, 180);
    let violations = after(&request, |plan| {
        for day in &mut plan.days {
            for exercise in &mut day.exercises {
                exercise.sets = 6;
            }
        }
    });
    assert_has!(violations, Violation::TooMuchVolume { .. });
}

#[test]
fn a_muscle_that_should_come_first_and_does_not_come() {
    let request = request(Goal::General, Difficulty::Intermediate, 1, 60);
    let plan = good(&request);
    let is_trained = |muscle: &MuscleGroup| {
        plan.days[0].exercises.iter().any(|exercise| by_id(exercise.exercise_id).muscles.contains(muscle))
    };
    let missed = MuscleGroup::ALL.iter().find(|muscle| muscle.is_muscle() && !is_trained(muscle));
    let missed = *missed.expect("an hour leaves some muscle out");
    let focused = PlanRequest { focus: FocusMuscles::new([missed]).unwrap(), ..request };
    assert_has!(validate(&plan, &focused, choices()).unwrap_err(), Violation::FocusMissed { sets: 0, .. });
}

/// Takes all exercises of these patterns out of the plan.
fn without(plan: &mut Plan, patterns: &[MovementPattern]) {
    for day in &mut plan.days {
        day.exercises.retain(|exercise| !patterns.contains(&by_id(exercise.exercise_id).pattern));
    }
}

#[test]
fn a_week_without_legs_or_pushes_or_pulls_or_core() {
    use MovementPattern as P;
    let groups: [(PatternGroup, &[P]); 4] = [
        (PatternGroup::Legs, &[P::Squat, P::Lunge, P::Hinge]),
        (PatternGroup::Push, &[P::HorizontalPush, P::VerticalPush]),
        (PatternGroup::Pull, &[P::HorizontalPull, P::VerticalPull]),
        (PatternGroup::Core, &[P::Core]),
    ];
    for (missing, patterns) in groups {
        let violations = after(&usual(), |plan| without(plan, patterns));
        assert_has!(violations, Violation::GroupMissing { group } if *group == missing);
    }
}

#[test]
fn fat_loss_without_cardio() {
    let request = request(Goal::FatLoss, Difficulty::Intermediate, 4, 60);
    let violations = after(&request, |plan| without(plan, &[MovementPattern::Cardio]));
    assert_has!(violations, Violation::GroupMissing { group: PatternGroup::Cardio });
}

#[test]
fn pushes_without_as_many_pulls() {
    let violations = after(&usual(), |plan| {
        for exercise in plan.days.iter_mut().flat_map(|day| &mut day.exercises) {
            if PatternGroup::Push.has(by_id(exercise.exercise_id).pattern) {
                exercise.sets = 30;
            }
        }
    });
    assert_has!(violations, Violation::Unbalanced { .. });
}
