//! `fitness.workout.v1.WorkoutService`.

use chassis::errors::Failure;
use chassis::mask::Mask;
use chassis::{auth, validation};
use fitness_proto::fitness::workout::v1 as proto;
use proto::workout_service_server::WorkoutService;
use tonic::{Request, Response, Status};

use super::{id, workout_message};
use crate::model::measures::Measures;
use crate::model::quantity::{grams, millimetres};
use crate::moment;
use crate::paging::Page;
use crate::training::{Training, TrainingError};
use crate::workouts::{LogSet, StartWorkout, UpdateSet, UpdateWorkout};

/// Maps the RPCs to the use cases.
pub(crate) struct WorkoutApi(pub(crate) Training);

#[tonic::async_trait]
impl WorkoutService for WorkoutApi {
    async fn start_workout(
        &self,
        request: Request<proto::StartWorkoutRequest>,
    ) -> Result<Response<proto::StartWorkoutResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let routine = match (request.routine_id.as_str(), request.day_id.as_str()) {
            ("", "") => None,
            ("", _) => return Err(TrainingError::invalid("routine_id", "is required with day_id").into()),
            (_, "") => return Err(TrainingError::invalid("day_id", "is required with routine_id").into()),
            (routine_id, day_id) => Some((id(routine_id), id(day_id))),
        };
        let start_time = moment::time("start_time", request.start_time).map_err(TrainingError::from)?;
        let start = StartWorkout { name: request.name, note: request.note, routine, start_time };
        let started = self.0.start_workout(caller.user_id, start).await?;
        let workout = Some(workout_message::from_detailed(started));
        Ok(Response::new(proto::StartWorkoutResponse { workout }))
    }

    async fn get_workout(
        &self,
        request: Request<proto::GetWorkoutRequest>,
    ) -> Result<Response<proto::GetWorkoutResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let workout = self.0.get_workout(caller.user_id, id(&request.workout_id)).await?;
        let workout = Some(workout_message::from_detailed(workout));
        Ok(Response::new(proto::GetWorkoutResponse { workout }))
    }

    async fn list_workouts(
        &self,
        request: Request<proto::ListWorkoutsRequest>,
    ) -> Result<Response<proto::ListWorkoutsResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(TrainingError::from)?;
        let from = moment::time("from_time", request.from_time).map_err(TrainingError::from)?;
        let to = moment::time("to_time", request.to_time).map_err(TrainingError::from)?;
        let listed = self.0.list_workouts(caller.user_id, from, to, &page).await?.map(workout_message::from);
        Ok(Response::new(proto::ListWorkoutsResponse {
            workouts: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn update_workout(
        &self,
        request: Request<proto::UpdateWorkoutRequest>,
    ) -> Result<Response<proto::UpdateWorkoutResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let workout = self.0.update_workout(caller.user_id, workout_changes(request)?).await?;
        let workout = Some(workout_message::from_detailed(workout));
        Ok(Response::new(proto::UpdateWorkoutResponse { workout }))
    }

    async fn delete_workout(
        &self,
        request: Request<proto::DeleteWorkoutRequest>,
    ) -> Result<Response<proto::DeleteWorkoutResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.delete_workout(caller.user_id, id(&request.workout_id)).await?;
        Ok(Response::new(proto::DeleteWorkoutResponse {}))
    }

    async fn finish_workout(
        &self,
        request: Request<proto::FinishWorkoutRequest>,
    ) -> Result<Response<proto::FinishWorkoutResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let finish_time = moment::time("finish_time", request.finish_time).map_err(TrainingError::from)?;
        let workout = self.0.finish_workout(caller.user_id, id(&request.workout_id), finish_time).await?;
        let workout = Some(workout_message::from_detailed(workout));
        Ok(Response::new(proto::FinishWorkoutResponse { workout }))
    }

    async fn log_set(
        &self,
        request: Request<proto::LogSetRequest>,
    ) -> Result<Response<proto::LogSetResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let log = LogSet {
            workout_id: id(&request.workout_id),
            exercise_id: id(&request.exercise_id),
            measures: Measures::new(
                request.reps,
                request.weight_kg,
                request.duration_seconds,
                request.distance_m,
                request.rpe,
            ),
            note: request.note,
            warm_up: request.warm_up,
        };
        let set = self.0.log_set(caller.user_id, log).await?;
        Ok(Response::new(proto::LogSetResponse { set: Some(workout_message::from_set(set)) }))
    }

    async fn update_set(
        &self,
        request: Request<proto::UpdateSetRequest>,
    ) -> Result<Response<proto::UpdateSetResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let set = self.0.update_set(caller.user_id, set_changes(request)?).await?;
        Ok(Response::new(proto::UpdateSetResponse { set: Some(workout_message::from_set(set)) }))
    }

    async fn delete_set(
        &self,
        request: Request<proto::DeleteSetRequest>,
    ) -> Result<Response<proto::DeleteSetResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.delete_set(caller.user_id, id(&request.workout_id), id(&request.set_id)).await?;
        Ok(Response::new(proto::DeleteSetResponse {}))
    }

    async fn list_sets(
        &self,
        request: Request<proto::ListSetsRequest>,
    ) -> Result<Response<proto::ListSetsResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(TrainingError::from)?;
        let exercise_id = Some(request.exercise_id).filter(|text| !text.is_empty()).map(|text| id(&text));
        let listed =
            self.0.list_sets(caller.user_id, exercise_id, &page).await?.map(workout_message::from_set);
        Ok(Response::new(proto::ListSetsResponse {
            sets: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn get_stats(
        &self,
        request: Request<proto::GetStatsRequest>,
    ) -> Result<Response<proto::GetStatsResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let from = moment::optional_date("from_date", &request.from_date).map_err(TrainingError::from)?;
        let to = moment::optional_date("to_date", &request.to_date).map_err(TrainingError::from)?;
        let stats = self.0.get_stats(caller.user_id, from, to).await?;
        Ok(Response::new(proto::GetStatsResponse { stats: Some(workout_message::from_stats(stats)) }))
    }

    async fn list_records(
        &self,
        request: Request<proto::ListRecordsRequest>,
    ) -> Result<Response<proto::ListRecordsResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(TrainingError::from)?;
        let listed = self.0.list_records(caller.user_id, &page).await?.map(workout_message::from_record);
        Ok(Response::new(proto::ListRecordsResponse {
            records: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn list_achievements(
        &self,
        request: Request<proto::ListAchievementsRequest>,
    ) -> Result<Response<proto::ListAchievementsResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let reached = self.0.list_achievements(caller.user_id).await?;
        let achievements = reached.iter().map(workout_message::from_achievement).collect();
        Ok(Response::new(proto::ListAchievementsResponse { achievements }))
    }
}

/// What an update is about. A text that is named and absent is asked to be emptied.
fn workout_changes(request: proto::UpdateWorkoutRequest) -> Result<UpdateWorkout, Failure> {
    let update = request.workout.unwrap_or_default();
    let mask = Mask::of(request.update_mask, &update)?;
    Ok(UpdateWorkout {
        workout_id: id(&request.workout_id),
        name: mask.has("name").then(|| update.name.unwrap_or_default()),
        note: mask.has("note").then(|| update.note.unwrap_or_default()),
    })
}

/// What a correction is about. A figure that is named and absent is asked to be cleared.
fn set_changes(request: proto::UpdateSetRequest) -> Result<UpdateSet, Failure> {
    let update = request.set.unwrap_or_default();
    let mask = Mask::of(request.update_mask, &update)?;
    if mask.has("exercise_id") && update.exercise_id.is_none() {
        return Err(Failure::invalid_field("set.exercise_id", "is required"));
    }
    Ok(UpdateSet {
        workout_id: id(&request.workout_id),
        set_id: id(&request.set_id),
        exercise_id: update.exercise_id.filter(|_| mask.has("exercise_id")).map(|text| id(&text)),
        reps: mask.change("reps", update.reps),
        weight_g: mask.change("weight_kg", update.weight_kg.map(grams)),
        duration_s: mask.change("duration_seconds", update.duration_seconds),
        distance_mm: mask.change("distance_m", update.distance_m.map(millimetres)),
        rpe: mask.change("rpe", update.rpe),
        note: mask.has("note").then(|| update.note.unwrap_or_default()),
        warm_up: mask.has("warm_up").then(|| update.warm_up.unwrap_or_default()),
    })
}
