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
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::create_profile::CreateTrainerProfile;
use crate::model::athlete::Athlete;
use crate::model::trainer::{FollowedAthlete, ListedTrainer, TrainerProfile};
use crate::store::followings;
use crate::training::{Training, TrainingError};

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
