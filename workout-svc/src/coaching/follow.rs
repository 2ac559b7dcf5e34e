//! `FollowTrainer`: an athlete lets a trainer follow.

use fitness_proto::fitness::workout::v1::AthleteFollowed;
use uuid::Uuid;

use crate::limits;
use crate::store::{followings, trainer_profiles};
use crate::training::{Training, TrainingError, timestamp};

impl Training {
    /// Stores that the athlete agrees, and announces it once.
    pub async fn follow_trainer(&self, athlete_id: Uuid, trainer_id: Uuid) -> Result<(), TrainingError> {
        if athlete_id == trainer_id {
            return Err(TrainingError::invalid("trainer_id", "must be somebody else"));
        }
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        self.lock_athlete(&mut transaction, athlete_id).await?;
        if !trainer_profiles::hold(&mut transaction, trainer_id).await? {
            return Err(TrainingError::NotFound);
        }
        if followings::insert(&mut transaction, trainer_id, athlete_id, now).await? {
            limits::TRAINERS.check(followings::count_of(&mut transaction, athlete_id).await?, 0)?;
            let event = AthleteFollowed {
                user_id: athlete_id.to_string(),
                trainer_ids: vec![trainer_id.to_string()],
                follow_time: Some(timestamp(now)),
            };
            self.outbox.enqueue(&mut transaction, &event).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();
        Ok(())
    }
}
