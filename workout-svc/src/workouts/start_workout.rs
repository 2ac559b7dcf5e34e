//! `StartWorkout`: from scratch or from a day of a routine.

use chassis::errors::Violation;
use chrono::{DateTime, TimeDelta, Utc};
use fitness_proto::fitness::workout::v1::WorkoutStarted;
use uuid::Uuid;

use super::{CLOCK_SKEW, Detailed};
use crate::limits;
use crate::store::workouts::{self, NewWorkout};
use crate::store::{followings, plans};
use crate::text;
use crate::training::{Training, TrainingError, timestamp};

/// How long ago a workout may have been that is logged afterwards.
const LONGEST_AGO: TimeDelta = TimeDelta::days(3653);

/// A workout to start.
#[derive(Clone, Debug)]
pub(crate) struct StartWorkout {
    /// Empty takes that of the routine's day.
    pub(crate) name: String,
    pub(crate) note: String,
    /// The routine and its day to train by.
    pub(crate) routine: Option<(Uuid, Uuid)>,
    /// Absent is now.
    pub(crate) start_time: Option<DateTime<Utc>>,
}

impl Training {
    /// Starts a workout and announces it.
    pub(crate) async fn start_workout(
        &self,
        user_id: Uuid,
        request: StartWorkout,
    ) -> Result<Detailed, TrainingError> {
        let now = self.now();
        let (name, note, start_time) = check(&request, now)?;
        let mut transaction = self.pool.begin().await?;
        let athlete = self.lock_athlete(&mut transaction, user_id).await?;
        let present = workouts::count(&mut transaction, user_id).await?;
        limits::OPEN_WORKOUTS.check(present.open, 1)?;
        limits::WORKOUTS.check(present.all, 1)?;
        let (plan, day_name) = match request.routine {
            None => (Vec::new(), None),
            Some((routine_id, day_id)) => {
                let day = plans::day(&mut transaction, user_id, routine_id, day_id).await?;
                let day = day
                    .ok_or_else(|| TrainingError::invalid("day_id", "must be a day of a routine of yours"))?;
                (day.plan, Some(day.name))
            }
        };
        let unnamed =
            || day_name.unwrap_or_else(|| athlete.language.pick("Workout", "Тренировка").to_owned());
        let workout = NewWorkout {
            workout_id: Uuid::now_v7(),
            user_id,
            name: name.unwrap_or_else(unnamed),
            note,
            start_time,
            local_start: start_time.with_timezone(&athlete.time_zone).naive_local(),
            routine_id: request.routine.map(|(routine_id, _)| routine_id),
            day_id: request.routine.map(|(_, day_id)| day_id),
            plan,
            now,
        };
        let started = workouts::insert(&mut transaction, &workout).await?;
        let trainers = followings::trainers_of(&mut transaction, user_id).await?;
        let event = WorkoutStarted {
            user_id: user_id.to_string(),
            workout_id: started.workout_id.to_string(),
            name: started.name.clone(),
            trainer_ids: trainers.iter().map(Uuid::to_string).collect(),
            start_time: Some(timestamp(start_time)),
        };
        self.outbox.enqueue(&mut transaction, &event).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(Detailed { workout: started, sets: Vec::new() })
    }
}

/// Answers name, note and start, or everything that is wrong with them.
fn check(
    request: &StartWorkout,
    now: DateTime<Utc>,
) -> Result<(Option<String>, String, DateTime<Utc>), Vec<Violation>> {
    let name =
        if request.name.trim().is_empty() { Ok(None) } else { text::line("name", &request.name).map(Some) };
    let note = text::lines("note", &request.note);
    let start_time = match request.start_time {
        None => Ok(now),
        Some(time) if time > now + CLOCK_SKEW => {
            Err(Violation::new("start_time", "must not be in the future"))
        }
        Some(time) if time < now - LONGEST_AGO => {
            Err(Violation::new("start_time", "must be within the last ten years"))
        }
        Some(time) => Ok(time.min(now)),
    };
    match (name, note, start_time) {
        (Ok(name), Ok(note), Ok(start_time)) => Ok((name, note, start_time)),
        (name, note, start_time) => {
            Err([name.err(), note.err(), start_time.err()].into_iter().flatten().collect())
        }
    }
}
