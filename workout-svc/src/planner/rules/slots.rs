//! What a day wants, the most important slot first.

use super::week::Week;
use crate::catalogue::MovementPattern::{
    self, Cardio, Carry, Core, Hinge, HorizontalPull, HorizontalPush, Isolation, Lunge, Mobility, Squat,
    VerticalPull, VerticalPush,
};
use crate::catalogue::MuscleGroup;
use crate::planner::plan::DayFocus;

/// A place for one exercise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// The patterns that fit; an earlier one is better.
    pub(super) patterns: &'static [MovementPattern],
    /// The muscle that it has to be done for, if it matters.
    pub(super) muscle: Option<MuscleGroup>,
}

/// Everything that tires muscles, compound exercises first.
const TIRING: &[MovementPattern] = &[
    HorizontalPush,
    VerticalPush,
    HorizontalPull,
    VerticalPull,
    Squat,
    Hinge,
    Lunge,
    Isolation,
    Core,
    Carry,
];

const KNEE: &[MovementPattern] = &[Squat, Lunge, Hinge];
const KNEE_AGAIN: &[MovementPattern] = &[Lunge, Squat];
const HIP: &[MovementPattern] = &[Hinge, Squat, Lunge];
const PUSH_AHEAD: &[MovementPattern] = &[HorizontalPush, VerticalPush];
const PUSH_UP: &[MovementPattern] = &[VerticalPush, HorizontalPush];
const PULL_BACK: &[MovementPattern] = &[HorizontalPull, VerticalPull];
const PULL_DOWN: &[MovementPattern] = &[VerticalPull, HorizontalPull];

/// What is left of the time goes to these in turn. Pushes and pulls are not among them, so that they stay balanced.
pub(super) const FILLERS: [&[MovementPattern]; 6] =
    [&[Isolation], &[Core], &[Isolation], &[Mobility], &[Carry, Cardio], &[Cardio]];

/// The slots of the day with this index in the week.
pub(super) fn of_day(week: &Week<'_>, index: usize, focus: DayFocus) -> Vec<Slot> {
    let request = week.request;
    let first = week.first_muscles(index);
    let again = request.focus.iter().filter(|muscle| focus.has(*muscle) && !first.contains(muscle));
    let of_muscle = |muscle| Slot { patterns: TIRING, muscle: Some(muscle) };
    let any = |patterns| Slot { patterns, muscle: None };

    let mut patterns = base(focus, index.is_multiple_of(2));
    let trunk_or_heart: &[&[MovementPattern]] =
        if request.goal.wants_cardio() { &[&[Cardio], &[Core]] } else { &[&[Core]] };
    let middle = patterns.split_off(patterns.len().min(3));
    let mut slots: Vec<_> = first.iter().copied().map(of_muscle).collect();
    slots.extend(patterns.into_iter().chain(trunk_or_heart.iter().copied()).map(any));
    slots.extend(again.map(of_muscle));
    slots.extend(middle.into_iter().map(any));
    slots
}

/// What the day is for, without heart and trunk; every other day begins with the other half.
fn base(focus: DayFocus, even: bool) -> Vec<&'static [MovementPattern]> {
    let arms: &[MovementPattern] = &[Isolation];
    match (focus, even) {
        (DayFocus::FullBody, true) => {
            vec![KNEE, PUSH_AHEAD, PULL_BACK, HIP, PUSH_UP, PULL_DOWN, arms, KNEE_AGAIN]
        }
        (DayFocus::FullBody, false) => {
            vec![HIP, PUSH_UP, PULL_DOWN, KNEE_AGAIN, PUSH_AHEAD, PULL_BACK, arms, &[Carry]]
        }
        (DayFocus::Upper, true) => vec![PUSH_AHEAD, PULL_BACK, PUSH_UP, PULL_DOWN, arms, arms, arms],
        (DayFocus::Upper, false) => vec![PULL_DOWN, PUSH_UP, PULL_BACK, PUSH_AHEAD, arms, arms, arms],
        (DayFocus::Lower | DayFocus::Legs, true) => vec![KNEE, HIP, KNEE_AGAIN, arms, arms, arms],
        (DayFocus::Lower | DayFocus::Legs, false) => vec![HIP, KNEE_AGAIN, KNEE, arms, arms, arms],
        (DayFocus::Push, true) => vec![PUSH_AHEAD, PUSH_UP, arms, PUSH_AHEAD, arms, arms],
        (DayFocus::Push, false) => vec![PUSH_UP, PUSH_AHEAD, arms, PUSH_AHEAD, arms, arms],
        (DayFocus::Pull, true) => vec![PULL_DOWN, PULL_BACK, arms, PULL_BACK, arms, arms],
        (DayFocus::Pull, false) => vec![PULL_BACK, PULL_DOWN, arms, PULL_BACK, arms, arms],
        (DayFocus::Conditioning, _) => vec![&[Core], &[Cardio], &[Core], &[Mobility], &[Cardio], &[Mobility]],
    }
}
