//! `ListRoutines`: the caller's routines, newest first.

use uuid::Uuid;

use super::Routine;
use crate::store::routines;
use crate::training::{Training, TrainingError};
use chassis::paging::{Listed, Page};

impl Training {
    /// Answers a page of routines without their days.
    pub(crate) async fn list_routines(
        &self,
        user_id: Uuid,
        page: &Page<Uuid>,
    ) -> Result<Listed<Routine>, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        self.athlete(&mut connection, user_id).await?;
        let rows = routines::list(&mut connection, user_id, page).await?;
        Ok(page.cut(rows, |routine| routine.routine_id))
    }
}
