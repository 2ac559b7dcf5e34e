//! `ListAchievements`: what was reached, and how far it is to the rest.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{ACHIEVEMENTS, Achievement, Wording};
use crate::store::{achievements, milestones};
use crate::training::{Training, TrainingError};

/// Where an athlete stands with an achievement.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    pub(crate) achievement: &'static Achievement,
    /// In the athlete's language.
    pub(crate) wording: Wording,
    /// When it was unlocked, if it was.
    pub(crate) unlock_time: Option<DateTime<Utc>>,
    /// In the unit of the goal; that of an unlocked one is its goal, whatever was deleted since.
    pub(crate) progress: f64,
}

impl Training {
    /// Answers all achievements in their order.
    pub(crate) async fn list_achievements(&self, user_id: Uuid) -> Result<Vec<Reached>, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        let athlete = self.athlete(&mut connection, user_id).await?;
        let milestones = milestones::of(&mut connection, user_id).await?;
        let unlocked = achievements::unlocked(&mut connection, user_id).await?;
        let stands = |achievement: &'static Achievement| {
            let unlock_time = unlocked.get(achievement.name).copied();
            let progress = match unlock_time {
                Some(_) => achievement.goal as f64,
                None => achievement.progress(&milestones),
            };
            Reached { achievement, wording: achievement.wording(athlete.language), unlock_time, progress }
        };
        Ok(ACHIEVEMENTS.iter().map(stands).collect())
    }
}
