//! A plan: days of a week, exercises of a day, sets of an exercise.

use std::str::FromStr;

use chrono::Weekday;
use uuid::Uuid;

use crate::catalogue::{MuscleGroup, vocabulary};

/// A week of training that repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The days in the order of the week.
    pub days: Vec<PlanDay>,
}

/// A day of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDay {
    /// When it is.
    pub weekday: Weekday,
    /// What it is for.
    pub focus: DayFocus,
    /// The exercises in their order.
    pub exercises: Vec<PlanExercise>,
}

/// An exercise of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanExercise {
    /// The exercise.
    pub exercise_id: Uuid,
    /// How many sets.
    pub sets: u32,
    /// What each set is.
    pub target: Target,
    /// The pause between two sets.
    pub rest_seconds: u32,
}

/// What a set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A number of repetitions within this range.
    Repetitions {
        /// At least.
        min: u32,
        /// At most.
        max: u32,
    },
    /// So many seconds.
    Seconds(u32),
    /// So many meters.
    Meters(u32),
}

/// A short text in every language of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Title {
    /// English.
    pub en: &'static str,
    /// Russian.
    pub ru: &'static str,
}

vocabulary! {
    /// What a day of a plan is for.
    DayFocus, "focus of a day";
    /// All muscles.
    FullBody, "full_body";
    /// All muscles above the belt.
    Upper, "upper";
    /// All muscles below the belt.
    Lower, "lower";
    /// The muscles that push.
    Push, "push";
    /// The muscles that pull.
    Pull, "pull";
    /// All muscles below the belt, beside push and pull days.
    Legs, "legs";
    /// Heart and trunk, while everything else recovers.
    Conditioning, "conditioning";
}

impl DayFocus {
    /// A name for such a day.
    pub fn title(self) -> Title {
        match self {
            Self::FullBody => Title { en: "Full body", ru: "Всё тело" },
            Self::Upper => Title { en: "Upper body", ru: "Верх тела" },
            Self::Lower => Title { en: "Lower body", ru: "Низ тела" },
            Self::Push => Title { en: "Push", ru: "Жимовой день" },
            Self::Pull => Title { en: "Pull", ru: "Тяговый день" },
            Self::Legs => Title { en: "Legs", ru: "Ноги" },
            Self::Conditioning => Title { en: "Conditioning", ru: "Кардио и корпус" },
        }
    }

    /// Whether the muscle may be tired on such a day. What recovers overnight may be on any.
    pub fn has(self, muscle: MuscleGroup) -> bool {
        use MuscleGroup as M;
        if muscle.recovers_overnight() {
            return true;
        }
        let pushes = matches!(muscle, M::Chest | M::Shoulders | M::Triceps);
        let pulls = matches!(muscle, M::UpperBack | M::Lats | M::Biceps | M::Forearms);
        match self {
            Self::FullBody => true,
            Self::Upper => pushes || pulls,
            Self::Lower | Self::Legs => !pushes && !pulls,
            Self::Push => pushes,
            Self::Pull => pulls,
            Self::Conditioning => false,
        }
    }
}
