//! `UpdateRoutineDay`: changes the name or the place of a day.

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::{Actor, Day};
use crate::store::{routine_days, routine_exercises};
use crate::text;
use crate::training::{Training, TrainingError};

/// What is to be changed; nothing means that it stays.
#[derive(Clone, Debug, Default)]
pub struct DayChanges {
    /// Its name.
    pub name: Option<String>,
    /// Its place among the days, from 1.
    pub position: Option<i32>,
}

impl Training {
    /// Changes the day and answers it with its exercises.
    pub async fn update_routine_day(
        &self,
        user_id: Uuid,
        routine_id: Uuid,
        day_id: Uuid,
        changes: DayChanges,
    ) -> Result<Day, TrainingError> {
        let name = changes.name.map(|name| text::line("day.name", &name)).transpose();
        let name = name.map_err(|violation| vec![violation])?;
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let routine = self.change_routine(&mut transaction, user_id, routine_id).await?;
        if let Some(position) = changes.position {
            routine_days::place(&mut transaction, routine_id, day_id, position).await?;
        }
        if let Some(name) = name {
            routine_days::rename(&mut transaction, routine_id, day_id, &name).await?;
        }
        let day = routine_days::find(&mut transaction, routine_id, day_id).await?;
        let mut day = day.ok_or(TrainingError::NotFound)?;
        self.announce_routine(&mut transaction, &routine, RoutineAction::Updated, Actor::Owner).await?;
        day.exercises = routine_exercises::list_day(&mut transaction, day_id, athlete.language).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(day)
    }
}
