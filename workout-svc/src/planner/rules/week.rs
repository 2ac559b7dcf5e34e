//! What is known of the week while it grows: volumes, exercises used, and chance.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

use crate::catalogue::MuscleGroup;
use crate::model::exercise::ExerciseChoice;
use crate::planner::limits::{PRIMARY_HALF_SETS, SECONDARY_HALF_SETS, max_half_sets};
use crate::planner::request::PlanRequest;
use crate::planner::split;

/// A week in the making.
#[derive(Clone)]
pub(super) struct Week<'a> {
    pub(super) request: &'a PlanRequest,
    /// What may be used, in an order that does not depend on the caller's.
    pub(super) choices: Vec<&'a ExerciseChoice>,
    half_sets: BTreeMap<MuscleGroup, u32>,
    used: BTreeSet<Uuid>,
    /// The day of each muscle that comes first: there it has the first slot.
    focus_days: Vec<(usize, MuscleGroup)>,
    /// A small number for each choice that makes two plans of the same request differ.
    whims: BTreeMap<Uuid, i64>,
}

impl<'a> Week<'a> {
    pub(super) fn new(request: &'a PlanRequest, choices: &'a [ExerciseChoice], seed: u64) -> Self {
        let mut choices: Vec<_> = choices.iter().filter(|choice| choice.suits(request)).collect();
        choices.sort_by_key(|choice| choice.exercise_id);
        let mut chance = StdRng::seed_from_u64(seed);
        let whims = choices.iter().map(|choice| (choice.exercise_id, chance.random_range(0..10))).collect();
        Self {
            request,
            choices,
            half_sets: BTreeMap::new(),
            used: BTreeSet::new(),
            focus_days: focus_days(request),
            whims,
        }
    }

    /// How many days it has.
    pub(super) fn days(&self) -> usize {
        split::week(self.request.days_per_week).len()
    }

    /// The muscles that have the first slots on the day with this index.
    pub(super) fn first_muscles(&self, index: usize) -> Vec<MuscleGroup> {
        self.focus_days.iter().filter(|(day, _)| *day == index).map(|(_, muscle)| *muscle).collect()
    }

    /// The volume of a muscle so far.
    pub(super) fn half_sets(&self, muscle: MuscleGroup) -> u32 {
        self.half_sets.get(&muscle).copied().unwrap_or_default()
    }

    /// Whether the exercise is in the week already.
    pub(super) fn has(&self, choice: &ExerciseChoice) -> bool {
        self.used.contains(&choice.exercise_id)
    }

    /// Whether no muscle gets too much by so many sets more.
    pub(super) fn has_room(&self, choice: &ExerciseChoice, sets: u32) -> bool {
        load(choice, sets).into_iter().all(|(muscle, half_sets)| {
            self.half_sets(muscle) + half_sets <= max_half_sets(self.request, muscle)
        })
    }

    /// Puts sets of an exercise into the week.
    pub(super) fn add(&mut self, choice: &ExerciseChoice, sets: u32) {
        self.used.insert(choice.exercise_id);
        for (muscle, half_sets) in load(choice, sets) {
            *self.half_sets.entry(muscle).or_default() += half_sets;
        }
    }

    /// What speaks for the exercise without a reason.
    pub(super) fn whim(&self, choice: &ExerciseChoice) -> i64 {
        self.whims.get(&choice.exercise_id).copied().unwrap_or_default()
    }
}

/// What sets of an exercise add to the volume of its muscles, in half sets. A person's own exercise may name a muscle
/// twice.
fn load(choice: &ExerciseChoice, sets: u32) -> BTreeMap<MuscleGroup, u32> {
    let mut load = BTreeMap::new();
    if choice.tires_muscles() {
        let primary = choice.muscles.iter().map(|muscle| (muscle, PRIMARY_HALF_SETS));
        let secondary = choice.secondary_muscles.iter().map(|muscle| (muscle, SECONDARY_HALF_SETS));
        for (&muscle, share) in primary.chain(secondary).filter(|(muscle, _)| muscle.is_muscle()) {
            *load.entry(muscle).or_default() += sets * share;
        }
    }
    load
}

/// Spreads the muscles that come first over the days that have them.
fn focus_days(request: &PlanRequest) -> Vec<(usize, MuscleGroup)> {
    let mut taken: Vec<(usize, MuscleGroup)> = Vec::new();
    for muscle in request.focus.iter() {
        let days = split::week(request.days_per_week).iter().enumerate();
        let fitting = days.filter(|(_, (_, focus))| focus.has(muscle)).map(|(index, _)| index);
        let day = fitting.min_by_key(|index| taken.iter().filter(|(day, _)| day == index).count());
        taken.extend(day.map(|day| (day, muscle)));
    }
    taken
}
