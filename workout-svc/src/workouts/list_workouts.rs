//! `ListWorkouts`: workouts of a period, newest first.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Workout;
use crate::store::workouts;
use crate::training::{Training, TrainingError};
use chassis::moment::Moment;
use chassis::paging::{Listed, Page};

/// What the list is ordered by, backwards: start and id.
pub(crate) type WorkoutKey = (Moment, Uuid);

impl Training {
    /// Answers a page of the caller's workouts that began from the one time up to before the other.
    pub(crate) async fn list_workouts(
        &self,
        user_id: Uuid,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
        page: &Page<WorkoutKey>,
    ) -> Result<Listed<Workout>, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        self.athlete(&mut connection, user_id).await?;
        let after = page.after.map(|(start, workout_id)| (start.0, workout_id));
        let rows = workouts::list(&mut connection, user_id, from, to, after, page.limit()).await?;
        Ok(page.cut(rows, |last| (Moment(last.start_time), last.workout_id)))
    }
}
