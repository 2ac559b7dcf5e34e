//! How much of an exercise does good: sets, repetitions and rest by goal, level and kind of exercise.
//!
//! The numbers follow what the position stands of the American College of Sports Medicine on resistance training
//! (2009) and on exercise for fitness (2011) have in common with coaching practice, rounded to ranges that a plan can
//! be held to.

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::catalogue::{Difficulty, Equipment, Measure, MovementPattern};
use crate::model::exercise::ExerciseChoice;
use crate::model::routine::Goal;

/// What matters about an exercise when it is dosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Several joints against a weight that can be chosen.
    Loaded,
    /// Several joints against the own body or a light load.
    Unloaded,
    /// One joint, or the trunk.
    Accessory,
    /// Walking with a load.
    Carry,
    /// Cardio in short bouts.
    Intervals,
    /// Cardio in one long bout.
    Steady,
    /// Mobility.
    Mobility,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Loaded,
        Self::Unloaded,
        Self::Accessory,
        Self::Carry,
        Self::Intervals,
        Self::Steady,
        Self::Mobility,
    ];

    pub(crate) fn of(exercise: &ExerciseChoice) -> Self {
        match exercise.pattern {
            MovementPattern::Mobility => Self::Mobility,
            MovementPattern::Carry => Self::Carry,
            MovementPattern::Core | MovementPattern::Isolation => Self::Accessory,
            MovementPattern::Cardio => {
                let has_machine = exercise.equipment.contains(&Equipment::CardioMachine);
                if has_machine || exercise.measure == Measure::Distance {
                    Self::Steady
                } else {
                    Self::Intervals
                }
            }
            _ if exercise.equipment.iter().any(|piece| is_heavy(*piece)) => Self::Loaded,
            _ => Self::Unloaded,
        }
    }
}

/// Whether it comes in weights to choose from.
pub(crate) fn is_heavy(piece: Equipment) -> bool {
    use Equipment as E;
    matches!(piece, E::Barbell | E::Dumbbell | E::Kettlebell | E::Cable | E::Machine)
}

/// The ranges that an exercise of a plan has to keep to. What its measure does not use is there all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dosage {
    pub(crate) sets: RangeInclusive<u32>,
    pub(crate) repetitions: RangeInclusive<u32>,
    pub(crate) seconds: RangeInclusive<u32>,
    pub(crate) meters: RangeInclusive<u32>,
    pub(crate) rest_seconds: RangeInclusive<u32>,
}

/// The dosage of an exercise for this goal and level.
pub(crate) fn dosage(goal: Goal, level: Difficulty, kind: Kind) -> Dosage {
    Dosage {
        sets: sets(goal, level, kind),
        repetitions: repetitions(goal, kind),
        seconds: seconds(goal, level, kind),
        meters: meters(kind),
        rest_seconds: rest_seconds(goal, kind),
    }
}

fn sets(goal: Goal, level: Difficulty, kind: Kind) -> RangeInclusive<u32> {
    let most = match level {
        Difficulty::Beginner => 3,
        Difficulty::Intermediate => 4,
        Difficulty::Advanced => 5,
    };
    match kind {
        Kind::Loaded if goal == Goal::Strength => 2..=most + 1,
        Kind::Loaded | Kind::Unloaded => 2..=most,
        Kind::Accessory | Kind::Carry => 2..=most.min(4),
        Kind::Intervals => 2..=most + 2,
        Kind::Steady => 1..=1,
        Kind::Mobility => 1..=2,
    }
}

#[allow(clippy::match_same_arms, reason = "a table is read row by row")]
fn repetitions(goal: Goal, kind: Kind) -> RangeInclusive<u32> {
    match (kind, goal) {
        (Kind::Mobility, _) => 5..=12,
        (Kind::Loaded, Goal::Strength) => 3..=6,
        (Kind::Loaded, Goal::Hypertrophy | Goal::General) => 6..=12,
        (Kind::Loaded, Goal::Endurance) => 12..=20,
        (Kind::Loaded, Goal::FatLoss) => 8..=15,
        // Without a weight to add, repetitions are what can grow.
        (Kind::Unloaded, Goal::Strength) => 5..=12,
        (Kind::Unloaded, Goal::Hypertrophy | Goal::General) => 6..=15,
        (Kind::Unloaded, Goal::Endurance) => 12..=25,
        (Kind::Unloaded, Goal::FatLoss) => 10..=20,
        (_, Goal::Strength) => 6..=12,
        (_, Goal::Hypertrophy | Goal::General) => 8..=15,
        (_, Goal::Endurance) => 15..=25,
        (_, Goal::FatLoss) => 12..=20,
    }
}

fn seconds(goal: Goal, level: Difficulty, kind: Kind) -> RangeInclusive<u32> {
    match kind {
        Kind::Intervals | Kind::Mobility | Kind::Carry => 20..=60,
        Kind::Steady if goal.wants_cardio() => 180..=2_400,
        Kind::Steady => 180..=1_200,
        // Holds.
        Kind::Loaded | Kind::Unloaded | Kind::Accessory => match level {
            Difficulty::Beginner => 15..=40,
            Difficulty::Intermediate => 20..=60,
            Difficulty::Advanced => 20..=90,
        },
    }
}

fn meters(kind: Kind) -> RangeInclusive<u32> {
    match kind {
        Kind::Intervals | Kind::Steady => 300..=5_000,
        _ => 10..=60,
    }
}

#[allow(clippy::match_same_arms, reason = "a table is read row by row")]
fn rest_seconds(goal: Goal, kind: Kind) -> RangeInclusive<u32> {
    match (kind, goal) {
        (Kind::Steady | Kind::Mobility, _) => 0..=60,
        (Kind::Intervals, _) => 15..=60,
        (Kind::Carry, _) => 30..=90,
        (_, Goal::Endurance | Goal::FatLoss) => 20..=60,
        (Kind::Loaded, Goal::Strength) => 120..=240,
        (Kind::Unloaded, Goal::Strength) => 60..=180,
        (Kind::Accessory, Goal::Strength) => 60..=120,
        (Kind::Loaded, Goal::Hypertrophy) => 60..=150,
        (Kind::Loaded | Kind::Unloaded, Goal::General | Goal::Hypertrophy) => 60..=120,
        (Kind::Accessory, Goal::General | Goal::Hypertrophy) => 30..=90,
    }
}
