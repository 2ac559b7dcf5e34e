//! `FinishWorkout`: a workout is over, and from now on it counts.

use chassis::errors::Violation;
use chrono::{DateTime, Utc};
use fitness_proto::fitness::workout::v1::{RecordSet, WorkoutFinished};
use uuid::Uuid;

use super::get_workout::detailed;
use super::{CLOCK_SKEW, Detailed, LONGEST, moment_in_workout, quantity};
use crate::model::one_rep_max::OneRepMax;
use crate::store::{exercise_results, followings, record_marks, workouts};
use crate::training::{Training, TrainingError, timestamp};

impl Training {
    /// Finishes a workout of the caller and announces it, the records broken in it, and the achievements reached.
    ///
    /// An exercise's first mark breaks no record. Finishing holds the athlete, so that of two workouts finished at
    /// once the later one sees the marks of the other.
    pub(crate) async fn finish_workout(
        &self,
        user_id: Uuid,
        workout_id: Uuid,
        finish_time: Option<DateTime<Utc>>,
    ) -> Result<Detailed, TrainingError> {
        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        let athlete = self.lock_athlete(&mut transaction, user_id).await?;
        let workout = workouts::lock(&mut transaction, user_id, workout_id).await?;
        let workout = workout.ok_or(TrainingError::NotFound)?;
        if workout.finished {
            return Err(TrainingError::wrong_state("it is finished already"));
        }
        let finish_time = check(finish_time, workout.start_time, now)?;
        workouts::finish(&mut transaction, workout_id, finish_time).await?;
        exercise_results::rebuild(&mut transaction, workout_id).await?;
        let rises = exercise_results::rises(&mut transaction, workout_id).await?;
        record_marks::insert(&mut transaction, workout_id, &rises).await?;

        let finished = detailed(&mut transaction, user_id, workout_id).await?;
        let trainers = followings::trainers_of(&mut transaction, user_id).await?;
        let trainer_ids: Vec<_> = trainers.iter().map(Uuid::to_string).collect();
        let event = WorkoutFinished {
            user_id: user_id.to_string(),
            workout_id: workout_id.to_string(),
            name: finished.workout.name.clone(),
            set_count: finished.workout.set_count as i32,
            volume_kg: quantity::kilograms(finished.workout.volume_g),
            trainer_ids: trainer_ids.clone(),
            finish_time: Some(timestamp(finish_time)),
        };
        self.outbox.enqueue(&mut transaction, &event).await?;
        let records = rises.into_iter().map(|rise| RecordSet {
            user_id: user_id.to_string(),
            workout_id: workout_id.to_string(),
            exercise_id: rise.exercise_id.to_string(),
            exercise_name: athlete.language.pick(rise.name_en, rise.name_ru),
            estimated_one_rep_max_kg: OneRepMax::from_stored(rise.best).kg(),
            previous_one_rep_max_kg: OneRepMax::from_stored(rise.previous).kg(),
            trainer_ids: trainer_ids.clone(),
            record_time: Some(timestamp(finish_time)),
        });
        let records: Vec<_> = records.collect();
        if !records.is_empty() {
            self.outbox.enqueue_all(&mut transaction, &records).await?;
        }
        self.unlock_achievements(&mut transaction, &athlete).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(finished)
    }
}

fn check(
    finish_time: Option<DateTime<Utc>>,
    start_time: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Violation> {
    let refused = |description: &str| Err(Violation::new("finish_time", description));
    match finish_time {
        None => Ok(moment_in_workout(start_time, now)),
        Some(time) if time > now + CLOCK_SKEW => refused("must not be in the future"),
        Some(time) if time < start_time => refused("must not be before the start"),
        Some(time) if time - start_time > LONGEST => refused("must be within a day after the start"),
        Some(time) => Ok(time.min(now).max(start_time)),
    }
}
