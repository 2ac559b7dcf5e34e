//! `ListRoutines`: the caller's routines, newest first.

use uuid::Uuid;

use super::Routine;
use crate::paging::{Listed, Page};
use crate::store::routines;
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers a page of routines without their days.
    pub(crate) async fn list_routines(
        &self,
        user_id: Uuid,
        page_size: i32,
        page_token: &str,
    ) -> Result<Listed<Routine>, TrainingError> {
        let page = Page::<Uuid>::parse(page_size, page_token)?;
        let mut connection = self.pool.acquire().await?;
        self.athlete(&mut connection, user_id).await?;
        let rows = routines::list(&mut connection, user_id, &page).await?;
        Ok(page.cut(rows, |routine| routine.routine_id))
    }
}
