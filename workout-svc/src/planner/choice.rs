//! What a planner knows of an exercise.

use super::request::PlanRequest;
use crate::catalogue::{CatalogueExercise, MovementPattern, MuscleGroup};
use crate::model::exercise::ExerciseChoice;

impl From<&CatalogueExercise> for ExerciseChoice {
    fn from(exercise: &CatalogueExercise) -> Self {
        Self {
            exercise_id: exercise.exercise_id(),
            slug: Some(exercise.slug.clone()),
            muscles: exercise.muscles.clone(),
            secondary_muscles: exercise.secondary_muscles.clone(),
            equipment: exercise.equipment.clone(),
            difficulty: exercise.difficulty,
            pattern: exercise.pattern,
            measure: exercise.measure,
        }
    }
}

impl ExerciseChoice {
    /// Whether the person who asks has what it takes and wants it.
    pub(crate) fn suits(&self, request: &PlanRequest) -> bool {
        self.equipment.iter().all(|piece| request.has(*piece))
            && self.difficulty <= request.level
            && !request.excluded.contains(&self.exercise_id)
    }

    /// Whether its sets tire muscles, so that they count for volume and recovery.
    pub(crate) fn tires_muscles(&self) -> bool {
        !matches!(self.pattern, MovementPattern::Cardio | MovementPattern::Mobility)
    }
}

impl MuscleGroup {
    /// Whether it is a group of muscles, and not the whole body or heart and lungs.
    pub fn is_muscle(self) -> bool {
        !matches!(self, Self::FullBody | Self::Cardio)
    }

    /// Whether it is ready again on the next day: the trunk holds us upright all day long.
    pub(crate) fn recovers_overnight(self) -> bool {
        matches!(self, Self::Abs | Self::Obliques) || !self.is_muscle()
    }
}

/// What several movement patterns have in common, as the balance of a week is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternGroup {
    /// Squats, lunges and hinges.
    Legs,
    /// Squats and lunges.
    Knee,
    /// Hinges.
    Hip,
    /// Pushes of any direction.
    Push,
    /// Pulls of any direction.
    Pull,
    /// The trunk.
    Core,
    /// The heart.
    Cardio,
}

impl PatternGroup {
    /// Whether the pattern belongs to it.
    pub fn has(self, pattern: MovementPattern) -> bool {
        use MovementPattern as P;
        match self {
            Self::Legs => matches!(pattern, P::Squat | P::Lunge | P::Hinge),
            Self::Knee => matches!(pattern, P::Squat | P::Lunge),
            Self::Hip => pattern == P::Hinge,
            Self::Push => matches!(pattern, P::HorizontalPush | P::VerticalPush),
            Self::Pull => matches!(pattern, P::HorizontalPull | P::VerticalPull),
            Self::Core => pattern == P::Core,
            Self::Cardio => pattern == P::Cardio,
        }
    }
}
