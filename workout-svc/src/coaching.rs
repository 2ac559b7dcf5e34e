//! Coaching: trainers, and the athletes who let them follow.
//!
//! A trainer sees an athlete only by a following that the athlete made, and only while having the role of a trainer.

mod assign_routine;
mod athlete_routines;
mod create_profile;
mod follow;
mod get_profile;
mod list_athletes;
mod list_trainers;
mod unfollow;

use chassis::auth::Principal;
use chassis::auth::Role;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::create_profile::CreateTrainerProfile;
use crate::model::athlete::Athlete;
use crate::store::followings;
use crate::training::{Training, TrainingError};

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

impl Training {
    /// Answers the calling trainer, or refuses who is none.
    async fn trainer(
        &self,
        connection: &mut PgConnection,
        caller: &Principal,
    ) -> Result<Athlete, TrainingError> {
        let trainer = self.hold_athlete(connection, caller.user_id).await?;
        self.require_role(connection, caller, Role::Trainer).await?;
        Ok(trainer)
    }

    /// Answers an athlete whom the trainer follows; another one does not exist for the trainer. The following, and so
    /// the athlete, stays until the transaction ends.
    async fn followed(
        &self,
        connection: &mut PgConnection,
        trainer: &Athlete,
        athlete_id: Uuid,
    ) -> Result<Athlete, TrainingError> {
        let athlete = followings::hold(connection, trainer.user_id, athlete_id).await?;
        athlete.ok_or(TrainingError::NotFound)
    }
}
