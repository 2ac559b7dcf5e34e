//! Trainers, and the athletes whom they follow.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a trainer tells athletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainerProfile {
    /// The trainer.
    pub trainer_id: Uuid,
    /// The trainer's name.
    pub display_name: String,
    /// A line about the trainer.
    pub headline: String,
    /// More about the trainer.
    pub bio: String,
    /// When the profile was made.
    pub create_time: DateTime<Utc>,
}

/// A trainer in the list that athletes see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTrainer {
    /// What the trainer says.
    pub profile: TrainerProfile,
    /// Whether the trainer follows who looks at the list.
    pub follows_reader: bool,
    /// What the list is ordered by.
    pub(crate) sort_key: String,
}

/// An athlete in the list of a trainer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedAthlete {
    /// The athlete.
    pub athlete_id: Uuid,
    /// The athlete's name.
    pub display_name: String,
    /// Since when the trainer follows.
    pub follow_time: DateTime<Utc>,
    /// What the list is ordered by.
    pub(crate) sort_key: String,
}
