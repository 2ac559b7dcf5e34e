//! One session in the making.

use super::score::score;
use super::slots::Slot;
use super::week::Week;
use crate::catalogue::{Measure, MovementPattern, MuscleGroup};
use crate::model::exercise::ExerciseChoice;
use crate::planner::dosage::{Dosage, Kind, dosage};
use crate::planner::limits::{max_exercises, min_exercises, min_session_seconds};
use crate::planner::plan::{DayFocus, PlanExercise, Target};
use crate::planner::session_time::{available_seconds, exercise_seconds, warm_up_seconds};

/// Most mobility exercises of a session; more would be another kind of training.
const MAX_MOBILITY: usize = 2;

/// Most cardio exercises of a session, one of them steady.
const MAX_CARDIO: usize = 2;

/// How much of an exercise to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dose {
    /// The middle of its ranges.
    Usual,
    /// The least that does good, so that more exercises fit into a short session.
    Smallest,
}

/// The exercises so far, and the time that they leave.
pub(super) struct Session<'a> {
    focus: DayFocus,
    slots: Vec<Slot>,
    dose: Dose,
    exercises: Vec<(&'a ExerciseChoice, PlanExercise)>,
    seconds_left: u64,
    /// How many of the first slots are filled, as many as a session has to have.
    essentials: usize,
}

impl<'a> Session<'a> {
    pub(super) fn new(week: &Week<'a>, focus: DayFocus, slots: Vec<Slot>, dose: Dose) -> Self {
        let session = week.request.session;
        let seconds_left = available_seconds(session) - warm_up_seconds(session);
        Self { focus, slots, dose, exercises: Vec::new(), seconds_left, essentials: 0 }
    }

    /// Whether all of the first slots are filled, as many as a session has to have.
    pub(super) fn has_essentials(&self, week: &Week<'_>) -> bool {
        self.essentials >= min_exercises(week.request.session)
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The exercises in the order in which they are done.
    pub(super) fn in_order(mut self) -> Vec<PlanExercise> {
        self.exercises.sort_by_key(|(choice, _)| stage(choice.pattern));
        self.exercises.into_iter().map(|(_, exercise)| exercise).collect()
    }

    /// Fills a slot if there is an exercise for it.
    pub(super) fn take_slot(&mut self, week: &mut Week<'a>, index: usize) {
        if let Some(&Slot { patterns, muscle }) = self.slots.get(index) {
            self.take(week, patterns, muscle);
            if index < min_exercises(week.request.session) {
                self.essentials = self.exercises.len();
            }
        }
    }

    /// Takes the best exercise of the first pattern that has one.
    pub(super) fn take(
        &mut self,
        week: &mut Week<'a>,
        patterns: &[MovementPattern],
        muscle: Option<MuscleGroup>,
    ) {
        if self.exercises.len() >= max_exercises(week.request.session) {
            return;
        }
        for pattern in patterns {
            let fits = |choice: &&ExerciseChoice| {
                choice.pattern == *pattern && muscle.is_none_or(|muscle| choice.muscles.contains(&muscle))
            };
            let candidates = week.choices.iter().copied().filter(fits).filter_map(|choice| {
                let exercise = dosed(week, choice, self.dose);
                self.has_room(week, choice, &exercise).then_some((choice, exercise))
            });
            let best = candidates.max_by_key(|(choice, _)| score(week, choice));
            if let Some((choice, exercise)) = best {
                week.add(choice, exercise.sets);
                self.seconds_left -= exercise_seconds(&exercise, choice);
                self.exercises.push((choice, exercise));
                return;
            }
        }
    }

    fn has_room(&self, week: &Week<'_>, choice: &ExerciseChoice, exercise: &PlanExercise) -> bool {
        let count = |fits: &dyn Fn(&ExerciseChoice) -> bool| {
            self.exercises.iter().filter(|(other, _)| fits(other)).count()
        };
        let most_of_kind = match Kind::of(choice) {
            Kind::Steady => 1,
            Kind::Mobility => MAX_MOBILITY,
            _ => usize::MAX,
        };
        let most_of_pattern = if choice.pattern == MovementPattern::Cardio { MAX_CARDIO } else { usize::MAX };
        count(&|other| other.exercise_id == choice.exercise_id) == 0
            && count(&|other| Kind::of(other) == Kind::of(choice)) < most_of_kind
            && count(&|other| other.pattern == choice.pattern) < most_of_pattern
            && (!choice.tires_muscles() || choice.muscles.iter().all(|muscle| self.focus.has(*muscle)))
            && exercise_seconds(exercise, choice) <= self.seconds_left
            && week.has_room(choice, exercise.sets)
    }

    /// Adds a set to each exercise in turn, the first ones first. Answers whether there was room for any.
    pub(super) fn add_sets(&mut self, week: &mut Week<'_>) -> bool {
        let before = self.seconds_left;
        for (choice, exercise) in &mut self.exercises {
            let most = *allowed(week, choice).sets.end();
            let more = PlanExercise { sets: exercise.sets + 1, ..exercise.clone() };
            let cost = exercise_seconds(&more, choice) - exercise_seconds(exercise, choice);
            if more.sets <= most && cost <= self.seconds_left && week.has_room(choice, 1) {
                week.add(choice, 1);
                self.seconds_left -= cost;
                *exercise = more;
            }
        }
        self.seconds_left < before
    }

    /// Lets steady cardio last as long as there is time, and rests as long as it takes to make a session of it.
    pub(super) fn stretch(&mut self, week: &Week<'_>) {
        for (choice, exercise) in &mut self.exercises {
            if Kind::of(choice) == Kind::Steady {
                let longer = PlanExercise {
                    target: lengthened(exercise.target, &allowed(week, choice), self.seconds_left),
                    ..exercise.clone()
                };
                self.seconds_left -= exercise_seconds(&longer, choice) - exercise_seconds(exercise, choice);
                *exercise = longer;
            }
        }
        let session = week.request.session;
        let most_left = available_seconds(session) - min_session_seconds(session);
        for (choice, exercise) in &mut self.exercises {
            let rest_seconds = *allowed(week, choice).rest_seconds.end();
            let longer = PlanExercise { rest_seconds, ..exercise.clone() };
            let cost = exercise_seconds(&longer, choice) - exercise_seconds(exercise, choice);
            if self.seconds_left > most_left && cost <= self.seconds_left {
                self.seconds_left -= cost;
                *exercise = longer;
            }
        }
    }
}

/// The target of steady cardio with so much time more: two meters a second, in whole hundreds for easy reading.
fn lengthened(target: Target, allowed: &Dosage, seconds_left: u64) -> Target {
    let spare = u32::try_from(seconds_left).unwrap_or(u32::MAX);
    match target {
        Target::Seconds(seconds) => {
            Target::Seconds(((seconds + spare) / 60 * 60).clamp(seconds, *allowed.seconds.end()))
        }
        Target::Meters(meters) => {
            Target::Meters(((meters + spare * 2) / 100 * 100).clamp(meters, *allowed.meters.end()))
        }
        repetitions @ Target::Repetitions { .. } => repetitions,
    }
}

fn allowed(week: &Week<'_>, choice: &ExerciseChoice) -> Dosage {
    dosage(week.request.goal, week.request.level, Kind::of(choice))
}

fn dosed(week: &Week<'_>, choice: &ExerciseChoice, dose: Dose) -> PlanExercise {
    let allowed = allowed(week, choice);
    let of = |range: &std::ops::RangeInclusive<u32>, step: u32| match dose {
        Dose::Usual => (range.start() + range.end()).div_ceil(2) / step * step,
        Dose::Smallest => *range.start(),
    };
    let target = match choice.measure {
        Measure::Repetitions => {
            Target::Repetitions { min: *allowed.repetitions.start(), max: *allowed.repetitions.end() }
        }
        // Steady cardio begins short and is lengthened once everything else has its place.
        Measure::Time if Kind::of(choice) == Kind::Steady => Target::Seconds(*allowed.seconds.start()),
        Measure::Distance if Kind::of(choice) == Kind::Steady => Target::Meters(*allowed.meters.start()),
        Measure::Time => Target::Seconds(of(&allowed.seconds, 5)),
        Measure::Distance => Target::Meters(of(&allowed.meters, 5)),
    };
    PlanExercise {
        exercise_id: choice.exercise_id,
        sets: of(&allowed.sets, 1),
        target,
        rest_seconds: of(&allowed.rest_seconds, 5),
    }
}

/// The order within a session: what takes most skill and strength first.
fn stage(pattern: MovementPattern) -> u8 {
    match pattern {
        MovementPattern::Isolation => 2,
        MovementPattern::Core => 3,
        MovementPattern::Cardio => 4,
        MovementPattern::Mobility => 5,
        MovementPattern::Carry => 1,
        _ => 0,
    }
}
