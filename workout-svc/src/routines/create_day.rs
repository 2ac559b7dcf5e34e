//! `CreateRoutineDay`: adds a day at the end of a routine.

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::draft::Known;
use super::{Day, DayDraft};
use crate::limits;
use crate::store::{routine_days, routine_exercises};
use crate::training::{Training, TrainingError};

impl Training {
    /// Stores the day with its exercises.
    pub async fn create_routine_day(
        &self,
        user_id: Uuid,
        routine_id: Uuid,
        draft: DayDraft,
    ) -> Result<Day, TrainingError> {
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let routine = self.change_routine(&mut transaction, user_id, routine_id).await?;
        limits::DAYS.check(routine.day_count as i64, 1)?;
        let known = Known::of(&mut transaction, &athlete, &draft.exercises).await?;
        let day = known.day(&draft, routine.day_count as i32 + 1, "")?;
        routine_days::insert(&mut transaction, routine_id, std::slice::from_ref(&day)).await?;
        routine_exercises::insert(&mut transaction, day.day_id, &day.exercises).await?;
        self.announce_addition(&mut transaction, &routine, RoutineAction::DayAdded, day.day_id).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(day)
    }
}
