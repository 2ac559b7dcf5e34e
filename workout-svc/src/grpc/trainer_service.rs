//! `fitness.workout.v1.TrainerService`.

use chassis::grpc::{Answer, Call, id};
use chassis::paging::Page;
use fitness_proto::fitness::workout::v1 as proto;
use proto::trainer_service_server::TrainerService;

use super::{routine_message, trainer_message};
use crate::coaching::CreateTrainerProfile;
use crate::training::Training;

/// Maps the RPCs to the use cases.
pub(crate) struct TrainerApi(pub(crate) Training);

chassis::rpcs! { TrainerService for TrainerApi {
    signed_in create_trainer_profile(proto::CreateTrainerProfileRequest) -> proto::CreateTrainerProfileResponse;
    signed_in get_trainer_profile(proto::GetTrainerProfileRequest) -> proto::GetTrainerProfileResponse;
    signed_in list_trainers(proto::ListTrainersRequest) -> proto::ListTrainersResponse;
    signed_in follow_trainer(proto::FollowTrainerRequest) -> proto::FollowTrainerResponse;
    signed_in unfollow_trainer(proto::UnfollowTrainerRequest) -> proto::UnfollowTrainerResponse;
    signed_in list_athletes(proto::ListAthletesRequest) -> proto::ListAthletesResponse;
    signed_in list_athlete_routines(proto::ListAthleteRoutinesRequest) -> proto::ListAthleteRoutinesResponse;
    signed_in get_athlete_routine(proto::GetAthleteRoutineRequest) -> proto::GetAthleteRoutineResponse;
    signed_in assign_routine(proto::AssignRoutineRequest) -> proto::AssignRoutineResponse;
} }

impl TrainerApi {
    async fn create_trainer_profile(
        &self,
        call: Call<proto::CreateTrainerProfileRequest>,
    ) -> Answer<proto::CreateTrainerProfileResponse> {
        let create = CreateTrainerProfile { headline: call.message.headline, bio: call.message.bio };
        let profile = self.0.create_trainer_profile(call.caller.user_id, create).await?;
        let trainer_profile = Some(trainer_message::from_profile(profile));
        Ok(proto::CreateTrainerProfileResponse { trainer_profile })
    }

    async fn get_trainer_profile(
        &self,
        call: Call<proto::GetTrainerProfileRequest>,
    ) -> Answer<proto::GetTrainerProfileResponse> {
        let profile = self.0.get_trainer_profile(call.caller.user_id).await?;
        let trainer_profile = Some(trainer_message::from_profile(profile));
        Ok(proto::GetTrainerProfileResponse { trainer_profile })
    }

    async fn list_trainers(
        &self,
        call: Call<proto::ListTrainersRequest>,
    ) -> Answer<proto::ListTrainersResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self.0.list_trainers(call.caller.user_id, &page).await?;
        let listed = listed.map(trainer_message::from_trainer);
        Ok(proto::ListTrainersResponse { trainers: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn follow_trainer(
        &self,
        call: Call<proto::FollowTrainerRequest>,
    ) -> Answer<proto::FollowTrainerResponse> {
        self.0.follow_trainer(call.caller.user_id, id("trainer_id", &call.message.trainer_id)?).await?;
        Ok(proto::FollowTrainerResponse {})
    }

    async fn unfollow_trainer(
        &self,
        call: Call<proto::UnfollowTrainerRequest>,
    ) -> Answer<proto::UnfollowTrainerResponse> {
        self.0.unfollow_trainer(call.caller.user_id, id("trainer_id", &call.message.trainer_id)?).await?;
        Ok(proto::UnfollowTrainerResponse {})
    }

    async fn list_athletes(
        &self,
        call: Call<proto::ListAthletesRequest>,
    ) -> Answer<proto::ListAthletesResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self.0.list_athletes(&call.caller, &page).await?.map(trainer_message::from_athlete);
        Ok(proto::ListAthletesResponse { athletes: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn list_athlete_routines(
        &self,
        call: Call<proto::ListAthleteRoutinesRequest>,
    ) -> Answer<proto::ListAthleteRoutinesResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self
            .0
            .list_athlete_routines(&call.caller, id("athlete_id", &call.message.athlete_id)?, &page)
            .await?;
        let listed = listed.map(routine_message::from);
        Ok(proto::ListAthleteRoutinesResponse {
            routines: listed.rows,
            next_page_token: listed.next_page_token,
        })
    }

    async fn get_athlete_routine(
        &self,
        call: Call<proto::GetAthleteRoutineRequest>,
    ) -> Answer<proto::GetAthleteRoutineResponse> {
        let (athlete_id, routine_id) =
            (id("athlete_id", &call.message.athlete_id)?, id("routine_id", &call.message.routine_id)?);
        let routine = self.0.get_athlete_routine(&call.caller, athlete_id, routine_id).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(proto::GetAthleteRoutineResponse { routine })
    }

    async fn assign_routine(
        &self,
        call: Call<proto::AssignRoutineRequest>,
    ) -> Answer<proto::AssignRoutineResponse> {
        let (athlete_id, routine_id) =
            (id("athlete_id", &call.message.athlete_id)?, id("routine_id", &call.message.routine_id)?);
        let routine = self.0.assign_routine(&call.caller, athlete_id, routine_id).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(proto::AssignRoutineResponse { routine })
    }
}
