//! `ListAthleteRoutines` and `GetAthleteRoutine`: a trainer reads the routines of an athlete.

use chassis::auth::Principal;
use uuid::Uuid;

use crate::model::routine::{Routine, WholeRoutine};
use crate::store::routines;
use crate::training::{Training, TrainingError};
use chassis::paging::{Listed, Page};

impl Training {
    /// Answers a page of the athlete's routines without their days.
    pub(crate) async fn list_athlete_routines(
        &self,
        caller: &Principal,
        athlete_id: Uuid,
        page: &Page<Uuid>,
    ) -> Result<Listed<Routine>, TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let trainer = self.trainer(&mut transaction, caller).await?;
        let athlete = self.followed(&mut transaction, &trainer, athlete_id).await?;
        let rows = routines::list(&mut transaction, athlete.user_id, page).await?;
        transaction.commit().await?;
        Ok(page.cut(rows, |routine| routine.routine_id))
    }

    /// Answers a routine of the athlete with its days.
    pub(crate) async fn get_athlete_routine(
        &self,
        caller: &Principal,
        athlete_id: Uuid,
        routine_id: Uuid,
    ) -> Result<WholeRoutine, TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let trainer = self.trainer(&mut transaction, caller).await?;
        let athlete = self.followed(&mut transaction, &trainer, athlete_id).await?;
        let whole = self.load_routine(&mut transaction, &trainer, athlete.user_id, routine_id).await?;
        transaction.commit().await?;
        Ok(whole)
    }
}
