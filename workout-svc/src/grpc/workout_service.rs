//! `fitness.workout.v1.WorkoutService`.

use chassis::errors::Failure;
use chassis::grpc::{Answer, Call, id, optional_id};
use chassis::mask::Mask;
use chassis::moment;
use chassis::paging::Page;
use fitness_proto::fitness::workout::v1 as proto;
use proto::workout_service_server::WorkoutService;

use super::workout_message;
use crate::model::measures::Measures;
use crate::model::quantity::{grams, millimetres};
use crate::training::Training;
use crate::workouts::{LogSet, StartWorkout, UpdateSet, UpdateWorkout};

/// Maps the RPCs to the use cases.
pub(crate) struct WorkoutApi(pub(crate) Training);

chassis::rpcs! { WorkoutService for WorkoutApi {
    signed_in start_workout(proto::StartWorkoutRequest) -> proto::StartWorkoutResponse;
    signed_in get_workout(proto::GetWorkoutRequest) -> proto::GetWorkoutResponse;
    signed_in list_workouts(proto::ListWorkoutsRequest) -> proto::ListWorkoutsResponse;
    signed_in update_workout(proto::UpdateWorkoutRequest) -> proto::UpdateWorkoutResponse;
    signed_in delete_workout(proto::DeleteWorkoutRequest) -> proto::DeleteWorkoutResponse;
    signed_in finish_workout(proto::FinishWorkoutRequest) -> proto::FinishWorkoutResponse;
    signed_in log_set(proto::LogSetRequest) -> proto::LogSetResponse;
    signed_in update_set(proto::UpdateSetRequest) -> proto::UpdateSetResponse;
    signed_in delete_set(proto::DeleteSetRequest) -> proto::DeleteSetResponse;
    signed_in list_sets(proto::ListSetsRequest) -> proto::ListSetsResponse;
    signed_in get_stats(proto::GetStatsRequest) -> proto::GetStatsResponse;
    signed_in list_records(proto::ListRecordsRequest) -> proto::ListRecordsResponse;
    signed_in list_achievements(proto::ListAchievementsRequest) -> proto::ListAchievementsResponse;
} }

impl WorkoutApi {
    async fn start_workout(
        &self,
        call: Call<proto::StartWorkoutRequest>,
    ) -> Answer<proto::StartWorkoutResponse> {
        let routine = match (call.message.routine_id.as_str(), call.message.day_id.as_str()) {
            ("", "") => None,
            ("", _) => return Err(Failure::invalid_field("routine_id", "is required with day_id").into()),
            (_, "") => return Err(Failure::invalid_field("day_id", "is required with routine_id").into()),
            (routine_id, day_id) => Some((id("routine_id", routine_id)?, id("day_id", day_id)?)),
        };
        let start_time = moment::time("start_time", call.message.start_time)?;
        let start = StartWorkout { name: call.message.name, note: call.message.note, routine, start_time };
        let started = self.0.start_workout(call.caller.user_id, start).await?;
        let workout = Some(workout_message::from_detailed(started));
        Ok(proto::StartWorkoutResponse { workout })
    }

    async fn get_workout(&self, call: Call<proto::GetWorkoutRequest>) -> Answer<proto::GetWorkoutResponse> {
        let workout =
            self.0.get_workout(call.caller.user_id, id("workout_id", &call.message.workout_id)?).await?;
        let workout = Some(workout_message::from_detailed(workout));
        Ok(proto::GetWorkoutResponse { workout })
    }

    async fn list_workouts(
        &self,
        call: Call<proto::ListWorkoutsRequest>,
    ) -> Answer<proto::ListWorkoutsResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let from = moment::time("from_time", call.message.from_time)?;
        let to = moment::time("to_time", call.message.to_time)?;
        let listed =
            self.0.list_workouts(call.caller.user_id, from, to, &page).await?.map(workout_message::from);
        Ok(proto::ListWorkoutsResponse { workouts: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn update_workout(
        &self,
        call: Call<proto::UpdateWorkoutRequest>,
    ) -> Answer<proto::UpdateWorkoutResponse> {
        let workout = self.0.update_workout(call.caller.user_id, workout_changes(call.message)?).await?;
        let workout = Some(workout_message::from_detailed(workout));
        Ok(proto::UpdateWorkoutResponse { workout })
    }

    async fn delete_workout(
        &self,
        call: Call<proto::DeleteWorkoutRequest>,
    ) -> Answer<proto::DeleteWorkoutResponse> {
        self.0.delete_workout(call.caller.user_id, id("workout_id", &call.message.workout_id)?).await?;
        Ok(proto::DeleteWorkoutResponse {})
    }

    async fn finish_workout(
        &self,
        call: Call<proto::FinishWorkoutRequest>,
    ) -> Answer<proto::FinishWorkoutResponse> {
        let finish_time = moment::time("finish_time", call.message.finish_time)?;
        let workout = self
            .0
            .finish_workout(call.caller.user_id, id("workout_id", &call.message.workout_id)?, finish_time)
            .await?;
        let workout = Some(workout_message::from_detailed(workout));
        Ok(proto::FinishWorkoutResponse { workout })
    }

    async fn log_set(&self, call: Call<proto::LogSetRequest>) -> Answer<proto::LogSetResponse> {
        let log = LogSet {
            workout_id: id("workout_id", &call.message.workout_id)?,
            exercise_id: id("exercise_id", &call.message.exercise_id)?,
            measures: Measures::new(
                call.message.reps,
                call.message.weight_kg,
                call.message.duration_seconds,
                call.message.distance_m,
                call.message.rpe,
            ),
            note: call.message.note,
            warm_up: call.message.warm_up,
        };
        let set = self.0.log_set(call.caller.user_id, log).await?;
        Ok(proto::LogSetResponse { set: Some(workout_message::from_set(set)) })
    }

    async fn update_set(&self, call: Call<proto::UpdateSetRequest>) -> Answer<proto::UpdateSetResponse> {
        let set = self.0.update_set(call.caller.user_id, set_changes(call.message)?).await?;
        Ok(proto::UpdateSetResponse { set: Some(workout_message::from_set(set)) })
    }

    async fn delete_set(&self, call: Call<proto::DeleteSetRequest>) -> Answer<proto::DeleteSetResponse> {
        self.0
            .delete_set(
                call.caller.user_id,
                id("workout_id", &call.message.workout_id)?,
                id("set_id", &call.message.set_id)?,
            )
            .await?;
        Ok(proto::DeleteSetResponse {})
    }

    async fn list_sets(&self, call: Call<proto::ListSetsRequest>) -> Answer<proto::ListSetsResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let exercise_id = optional_id("exercise_id", &call.message.exercise_id)?;
        let listed =
            self.0.list_sets(call.caller.user_id, exercise_id, &page).await?.map(workout_message::from_set);
        Ok(proto::ListSetsResponse { sets: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn get_stats(&self, call: Call<proto::GetStatsRequest>) -> Answer<proto::GetStatsResponse> {
        let from = moment::optional_date("from_date", &call.message.from_date)?;
        let to = moment::optional_date("to_date", &call.message.to_date)?;
        let stats = self.0.get_stats(call.caller.user_id, from, to).await?;
        Ok(proto::GetStatsResponse { stats: Some(workout_message::from_stats(stats)) })
    }

    async fn list_records(
        &self,
        call: Call<proto::ListRecordsRequest>,
    ) -> Answer<proto::ListRecordsResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self.0.list_records(call.caller.user_id, &page).await?.map(workout_message::from_record);
        Ok(proto::ListRecordsResponse { records: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn list_achievements(
        &self,
        call: Call<proto::ListAchievementsRequest>,
    ) -> Answer<proto::ListAchievementsResponse> {
        let reached = self.0.list_achievements(call.caller.user_id).await?;
        let achievements = reached.iter().map(workout_message::from_achievement).collect();
        Ok(proto::ListAchievementsResponse { achievements })
    }
}

/// What an update is about. A text that is named and absent is asked to be emptied.
fn workout_changes(request: proto::UpdateWorkoutRequest) -> Result<UpdateWorkout, Failure> {
    let update = request.workout.unwrap_or_default();
    let mask = Mask::of(request.update_mask, &update)?;
    Ok(UpdateWorkout {
        workout_id: id("workout_id", &request.workout_id)?,
        name: mask.has("name").then(|| update.name.unwrap_or_default()),
        note: mask.has("note").then(|| update.note.unwrap_or_default()),
    })
}

/// What a correction is about. A figure that is named and absent is asked to be cleared.
fn set_changes(request: proto::UpdateSetRequest) -> Result<UpdateSet, Failure> {
    let update = request.set.unwrap_or_default();
    let mask = Mask::of(request.update_mask, &update)?;
    let exercise_id = match update.exercise_id.filter(|_| mask.has("exercise_id")) {
        Some(text) => Some(id("set.exercise_id", &text)?),
        None if mask.has("exercise_id") => {
            return Err(Failure::invalid_field("set.exercise_id", "is required"));
        }
        None => None,
    };
    Ok(UpdateSet {
        workout_id: id("workout_id", &request.workout_id)?,
        set_id: id("set_id", &request.set_id)?,
        exercise_id,
        reps: mask.change("reps", update.reps),
        weight_g: mask.change("weight_kg", update.weight_kg.map(grams)),
        duration_s: mask.change("duration_seconds", update.duration_seconds),
        distance_mm: mask.change("distance_m", update.distance_m.map(millimetres)),
        rpe: mask.change("rpe", update.rpe),
        note: mask.has("note").then(|| update.note.unwrap_or_default()),
        warm_up: mask.has("warm_up").then(|| update.warm_up.unwrap_or_default()),
    })
}
