//! What a person asks of a plan.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::plan::Title;
use crate::catalogue::{Difficulty, Equipment, MuscleGroup};
use crate::model::routine::Goal;

impl Goal {
    /// A name for a routine with this goal.
    pub fn title(self) -> Title {
        match self {
            Self::Strength => Title { en: "Strength", ru: "Сила" },
            Self::Hypertrophy => Title { en: "Muscle growth", ru: "Рост мышц" },
            Self::Endurance => Title { en: "Endurance", ru: "Выносливость" },
            Self::FatLoss => Title { en: "Fat loss", ru: "Снижение веса" },
            Self::General => Title { en: "General fitness", ru: "Общая форма" },
        }
    }

    /// Whether the heart has to be trained for it.
    pub(crate) fn wants_cardio(self) -> bool {
        matches!(self, Self::Endurance | Self::FatLoss)
    }
}

/// A number of training days in a week, 1 to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DaysPerWeek(u32);

impl DaysPerWeek {
    /// Answers nothing for a number that a week does not have.
    pub fn new(days: u32) -> Option<Self> {
        (1..=7).contains(&days).then_some(Self(days))
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// The length of a training session in minutes, 15 to 180.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionMinutes(u32);

impl SessionMinutes {
    /// Answers nothing for a session too short or too long to be planned.
    pub fn new(minutes: u32) -> Option<Self> {
        (15..=180).contains(&minutes).then_some(Self(minutes))
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// Most muscle groups that a plan can put first; with more of them none would be.
pub const MAX_FOCUS_MUSCLES: usize = 3;

/// Muscle groups that come first in a plan, at most [`MAX_FOCUS_MUSCLES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FocusMuscles(BTreeSet<MuscleGroup>);

/// Why muscle groups cannot be put first.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FocusError {
    /// There are more than [`MAX_FOCUS_MUSCLES`].
    #[error("at most {MAX_FOCUS_MUSCLES} muscle groups can come first")]
    TooMany,
    /// The whole body, or heart and lungs: the goal says that.
    #[error("{} is not a muscle group that can come first", .0.name())]
    NoMuscle(MuscleGroup),
}

impl FocusMuscles {
    /// Checks the muscle groups; repeated ones count once.
    pub fn new(muscles: impl IntoIterator<Item = MuscleGroup>) -> Result<Self, FocusError> {
        let muscles: BTreeSet<_> = muscles.into_iter().collect();
        if let Some(&other) = muscles.iter().find(|muscle| !muscle.is_muscle()) {
            return Err(FocusError::NoMuscle(other));
        }
        if muscles.len() > MAX_FOCUS_MUSCLES { Err(FocusError::TooMany) } else { Ok(Self(muscles)) }
    }

    /// The muscle groups in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = MuscleGroup> + '_ {
        self.0.iter().copied()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether this one comes first.
    pub fn contains(&self, muscle: MuscleGroup) -> bool {
        self.0.contains(&muscle)
    }
}

/// What a plan is made for. Holds nothing of who asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRequest {
    /// What the training is for.
    pub goal: Goal,
    /// How much experience the person has.
    pub level: Difficulty,
    /// How often the person trains.
    pub days_per_week: DaysPerWeek,
    /// How long a session may take, warm-up included.
    pub session: SessionMinutes,
    /// What the person has; the own body goes without saying.
    pub equipment: BTreeSet<Equipment>,
    /// Muscle groups that come first.
    pub focus: FocusMuscles,
    /// Exercises that the person does not want.
    pub excluded: BTreeSet<Uuid>,
}

impl PlanRequest {
    /// Whether the person has this piece of equipment.
    pub(crate) fn has(&self, piece: Equipment) -> bool {
        piece == Equipment::BodyWeight || self.equipment.contains(&piece)
    }
}
