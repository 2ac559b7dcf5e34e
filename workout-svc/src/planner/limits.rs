//! The bounds of a plan beyond the dosage of a single exercise.

use super::choice::PatternGroup;
use super::request::{PlanRequest, SessionMinutes};
use crate::catalogue::{Difficulty, MuscleGroup};

/// Fewest sets a week for a muscle that comes first.
pub(crate) const MIN_FOCUS_SETS: u32 = 2;

/// From so many exercises to choose from on, pushes and pulls have to balance.
pub(crate) const CHOICES_FOR_BALANCE: usize = 3;

/// Fewest exercises of a session.
pub(crate) fn min_exercises(session: SessionMinutes) -> usize {
    match session.get() {
        ..45 => 3,
        45..75 => 4,
        75..100 => 5,
        _ => 6,
    }
}

/// Most exercises of the longest session.
pub(crate) const MOST_EXERCISES: usize = 12;

/// Most exercises of a session.
pub(crate) fn max_exercises(session: SessionMinutes) -> usize {
    match session.get() {
        ..30 => 5,
        30..45 => 6,
        45..60 => 7,
        60..90 => 9,
        _ => MOST_EXERCISES,
    }
}

/// The part of the session that has to be used: half of it, or of an hour where it is longer.
pub(crate) fn min_session_seconds(session: SessionMinutes) -> u64 {
    u64::from(session.get().min(60)) * 60 / 2
}

/// What a set adds to a muscle's volume, in half sets: the muscles that help do half the work.
pub(crate) const PRIMARY_HALF_SETS: u32 = 2;
/// See [`PRIMARY_HALF_SETS`].
pub(crate) const SECONDARY_HALF_SETS: u32 = 1;

/// Most volume a week for a muscle, in half sets.
pub(crate) fn max_half_sets(request: &PlanRequest, muscle: MuscleGroup) -> u32 {
    let is_first = request.focus.contains(muscle);
    if is_first { focus_half_sets(request.level) } else { usual_half_sets(request.level) }
}

/// Most volume a week for most muscles, in half sets.
pub(crate) fn usual_half_sets(level: Difficulty) -> u32 {
    match level {
        Difficulty::Beginner => 28,
        Difficulty::Intermediate => 40,
        Difficulty::Advanced => 52,
    }
}

/// Most volume a week for a muscle that comes first, in half sets: half as much again.
pub(crate) fn focus_half_sets(level: Difficulty) -> u32 {
    usual_half_sets(level) * 3 / 2
}

/// Most sets of pushes a week beside so many of pulls, and the other way round: twice as many and a bit.
pub(crate) fn most_beside(sets: u32) -> u32 {
    sets.saturating_mul(2).saturating_add(4)
}

/// The groups that a week has to train, the most important one first.
///
/// How many of them depends on the room: as many as the shortest session has exercises beside the muscles that come
/// first. Where no exercise of a group is to be had, it is not asked for.
pub(crate) fn required_groups(request: &PlanRequest) -> &'static [PatternGroup] {
    use PatternGroup as G;
    let all: &[_] = if request.goal.wants_cardio() {
        &[G::Legs, G::Push, G::Pull, G::Cardio, G::Core, G::Knee]
    } else {
        &[G::Legs, G::Push, G::Pull, G::Core, G::Knee, G::Hip]
    };
    let room = min_exercises(request.session).saturating_sub(request.focus.count());
    &all[..room.min(all.len())]
}
