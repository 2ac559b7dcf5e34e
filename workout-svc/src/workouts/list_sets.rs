//! `ListSets`: the history of sets, newest first.

use uuid::Uuid;

use super::WorkoutSet;
use crate::store::workout_sets;
use crate::training::{Training, TrainingError};
use chassis::moment::Moment;
use chassis::paging::{Listed, Page};

/// What the list is ordered by, backwards: when a set was done, and its id.
pub(crate) type SetKey = (Moment, Uuid);

impl Training {
    /// Answers a page of the caller's sets, of one exercise if one is given.
    pub(crate) async fn list_sets(
        &self,
        user_id: Uuid,
        exercise_id: Option<Uuid>,
        page: &Page<SetKey>,
    ) -> Result<Listed<WorkoutSet>, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        self.athlete(&mut connection, user_id).await?;
        let after = page.after.map(|(log_time, set_id)| (log_time.0, set_id));
        let rows = match exercise_id {
            None => workout_sets::history(&mut connection, user_id, after, page.limit()).await?,
            Some(exercise_id) => {
                workout_sets::of_exercise(&mut connection, user_id, exercise_id, after, page.limit()).await?
            }
        };
        Ok(page.cut(rows, |last| (Moment(last.log_time), last.set_id)))
    }
}
