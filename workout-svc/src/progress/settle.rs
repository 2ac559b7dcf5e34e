//! Bringing what follows from a workout in line with its sets.

use std::collections::HashSet;

use fitness_proto::fitness::workout::v1::AchievementUnlocked;
use sqlx::PgConnection;
use uuid::Uuid;

use super::ACHIEVEMENTS;
use crate::model::athlete::Athlete;
use crate::store::{achievements, exercise_results, followings, milestones, record_marks};
use crate::training::{Training, TrainingError, timestamp};

impl Training {
    /// Follows a correction of a finished workout. The caller has locked the athlete.
    pub(crate) async fn settle(
        &self,
        connection: &mut PgConnection,
        athlete: &Athlete,
        workout_id: Uuid,
    ) -> Result<(), TrainingError> {
        exercise_results::rebuild(connection, workout_id).await?;
        record_marks::prune(connection, workout_id).await?;
        self.unlock_achievements(connection, athlete).await
    }

    /// Unlocks and announces what is reached now and was not before.
    pub(crate) async fn unlock_achievements(
        &self,
        connection: &mut PgConnection,
        athlete: &Athlete,
    ) -> Result<(), TrainingError> {
        let now = self.now();
        let milestones = milestones::of(connection, athlete.user_id).await?;
        let reached = ACHIEVEMENTS.iter().filter(|achievement| achievement.reached(&milestones));
        let reached: Vec<_> = reached.map(|achievement| achievement.name).collect();
        let unlocked = achievements::unlock(connection, athlete.user_id, &reached, now).await?;
        if unlocked.is_empty() {
            return Ok(());
        }
        let unlocked: HashSet<_> = unlocked.into_iter().collect();
        let trainers = followings::trainers_of(connection, athlete.user_id).await?;
        let trainer_ids: Vec<_> = trainers.iter().map(Uuid::to_string).collect();
        let unlocked = ACHIEVEMENTS.iter().filter(|achievement| unlocked.contains(achievement.name));
        let events = unlocked.map(|achievement| {
            let wording = achievement.wording(athlete.language);
            AchievementUnlocked {
                user_id: athlete.user_id.to_string(),
                achievement: achievement.name.to_owned(),
                title: wording.title.to_owned(),
                description: wording.description.to_owned(),
                trainer_ids: trainer_ids.clone(),
                unlock_time: Some(timestamp(now)),
            }
        });
        let events: Vec<_> = events.collect();
        self.outbox.enqueue_all(connection, &events).await?;
        Ok(())
    }
}
