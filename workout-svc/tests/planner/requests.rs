//! Requests of every kind, and the exercises of the catalogue.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use uuid::Uuid;
use workout_svc::catalogue::{Catalogue, Difficulty, Equipment, Measure, MovementPattern, MuscleGroup};
use workout_svc::planner::{
    DaysPerWeek, ExerciseChoice, FocusMuscles, Goal, MAX_FOCUS_MUSCLES, PlanRequest, SessionMinutes,
};

static CHOICES: LazyLock<Vec<ExerciseChoice>> =
    LazyLock::new(|| Catalogue::embedded().unwrap().exercises.iter().map(ExerciseChoice::from).collect());

/// All exercises of the catalogue.
pub(crate) fn choices() -> &'static [ExerciseChoice] {
    &CHOICES
}

/// An exercise by its name in the catalogue.
pub(crate) fn choice(slug: &str) -> &'static ExerciseChoice {
    choices().iter().find(|choice| choice.slug.as_deref() == Some(slug)).unwrap()
}

/// An exercise by its id.
pub(crate) fn by_id(exercise_id: Uuid) -> &'static ExerciseChoice {
    choices().iter().find(|choice| choice.exercise_id == exercise_id).unwrap()
}

/// A request of somebody who trains at home with dumbbells.
pub(crate) fn request(goal: Goal, level: Difficulty, days: u32, minutes: u32) -> PlanRequest {
    PlanRequest {
        goal,
        level,
        days_per_week: DaysPerWeek::new(days).unwrap(),
        session: SessionMinutes::new(minutes).unwrap(),
        equipment: BTreeSet::from([Equipment::Dumbbell, Equipment::Bench, Equipment::Band]),
        focus: FocusMuscles::default(),
        excluded: BTreeSet::new(),
    }
}

/// Any request; so many of the exercises are excluded.
pub(crate) fn any_request(excluded: std::ops::Range<usize>) -> impl Strategy<Value = PlanRequest> {
    let muscles: Vec<_> = MuscleGroup::ALL.iter().copied().filter(|muscle| muscle.is_muscle()).collect();
    let ids: Vec<_> = choices().iter().map(|choice| choice.exercise_id).collect();
    (
        select(Goal::ALL),
        select(Difficulty::ALL),
        1_u32..=7,
        15_u32..=180,
        subsequence(Equipment::ALL, 0..=Equipment::ALL.len()),
        subsequence(muscles, 0..=MAX_FOCUS_MUSCLES),
        subsequence(ids, excluded),
    )
        .prop_map(|(goal, level, days, minutes, equipment, focus, excluded)| PlanRequest {
            goal,
            level,
            days_per_week: DaysPerWeek::new(days).unwrap(),
            session: SessionMinutes::new(minutes).unwrap(),
            equipment: equipment.into_iter().collect(),
            focus: FocusMuscles::new(focus).unwrap(),
            excluded: excluded.into_iter().collect(),
        })
}

/// An exercise that a person made, however odd.
pub(crate) fn any_own_exercise() -> impl Strategy<Value = ExerciseChoice> {
    (
        any::<u128>(),
        subsequence(MuscleGroup::ALL, 1..4),
        subsequence(MuscleGroup::ALL, 0..4),
        subsequence(Equipment::ALL, 0..3),
        select(Difficulty::ALL),
        select(MovementPattern::ALL),
        select(Measure::ALL),
    )
        .prop_map(|(id, muscles, secondary_muscles, equipment, difficulty, pattern, measure)| {
            ExerciseChoice {
                exercise_id: Uuid::from_u128(id),
                slug: None,
                muscles,
                secondary_muscles,
                equipment,
                difficulty,
                pattern,
                measure,
            }
        })
}
