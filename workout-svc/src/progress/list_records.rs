//! `ListRecords`: the best of each exercise.

use uuid::Uuid;

use crate::model::progress::Record;
use crate::store::exercise_results;
use crate::training::{Training, TrainingError};
use chassis::moment::Day;
use chassis::paging::{Listed, Page};

/// What the list is ordered by, backwards: the day and the exercise.
pub(crate) type RecordKey = (Day, Uuid);

impl Training {
    /// Answers a page of the caller's records, newest first.
    pub(crate) async fn list_records(
        &self,
        user_id: Uuid,
        page: &Page<RecordKey>,
    ) -> Result<Listed<Record>, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        let athlete = self.athlete(&mut connection, user_id).await?;
        let after = page.after.map(|(day, exercise_id)| (day.0, exercise_id));
        let rows = exercise_results::records(&mut connection, &athlete, after, page.limit()).await?;
        Ok(page.cut(rows, |last| (Day(last.training_date), last.exercise_id)))
    }
}
