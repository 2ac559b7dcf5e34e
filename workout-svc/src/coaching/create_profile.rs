//! `CreateTrainerProfile`: makes the caller a trainer.

use chassis::errors::Violation;
use fitness_proto::fitness::workout::v1::TrainerProfileCreated;
use uuid::Uuid;

use super::TrainerProfile;
use crate::store::trainer_profiles;
use crate::text;
use crate::training::{Training, TrainingError, timestamp};

/// A new profile.
#[derive(Clone, Debug)]
pub struct CreateTrainerProfile {
    /// A line about the trainer.
    pub headline: String,
    /// More about the trainer.
    pub bio: String,
}

impl Training {
    /// Stores the profile and announces it; user-svc then grants the role. There is one profile for each account, so
    /// that nobody whose role was taken away gets it back by another one.
    pub async fn create_trainer_profile(
        &self,
        user_id: Uuid,
        request: CreateTrainerProfile,
    ) -> Result<TrainerProfile, TrainingError> {
        let (headline, bio) = check(&request)?;
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let profile = TrainerProfile {
            trainer_id: user_id,
            display_name: athlete.display_name,
            headline,
            bio,
            create_time: now,
        };
        if !trainer_profiles::insert(&mut transaction, &profile).await? {
            return Err(TrainingError::AlreadyExists);
        }
        let event = TrainerProfileCreated { user_id: user_id.to_string(), create_time: Some(timestamp(now)) };
        self.outbox.enqueue(&mut transaction, &event).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(%user_id, "trainer profile created");
        Ok(profile)
    }
}

fn check(request: &CreateTrainerProfile) -> Result<(String, String), Vec<Violation>> {
    match (text::line("headline", &request.headline), text::lines("bio", &request.bio)) {
        (Ok(headline), Ok(bio)) => Ok((headline, bio)),
        (headline, bio) => Err([headline.err(), bio.err()].into_iter().flatten().collect()),
    }
}
