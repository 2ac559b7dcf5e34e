//! `fitness.workout.v1.TrainerService`.

use chassis::errors::Failure;
use chassis::{auth, validation};
use fitness_proto::fitness::workout::v1 as proto;
use proto::trainer_service_server::TrainerService;
use tonic::{Request, Response, Status};

use super::{id, routine_message, trainer_message};
use crate::coaching::CreateTrainerProfile;
use crate::training::Training;

/// Maps the RPCs to the use cases.
pub(crate) struct TrainerApi(pub(crate) Training);

#[tonic::async_trait]
impl TrainerService for TrainerApi {
    async fn create_trainer_profile(
        &self,
        request: Request<proto::CreateTrainerProfileRequest>,
    ) -> Result<Response<proto::CreateTrainerProfileResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let create = CreateTrainerProfile { headline: request.headline, bio: request.bio };
        let profile = self.0.create_trainer_profile(caller.user_id, create).await?;
        let trainer_profile = Some(trainer_message::from_profile(profile));
        Ok(Response::new(proto::CreateTrainerProfileResponse { trainer_profile }))
    }

    async fn get_trainer_profile(
        &self,
        request: Request<proto::GetTrainerProfileRequest>,
    ) -> Result<Response<proto::GetTrainerProfileResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let profile = self.0.get_trainer_profile(caller.user_id).await?;
        let trainer_profile = Some(trainer_message::from_profile(profile));
        Ok(Response::new(proto::GetTrainerProfileResponse { trainer_profile }))
    }

    async fn list_trainers(
        &self,
        request: Request<proto::ListTrainersRequest>,
    ) -> Result<Response<proto::ListTrainersResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let listed = self.0.list_trainers(caller.user_id, request.page_size, &request.page_token).await?;
        let listed = listed.map(trainer_message::from_trainer);
        Ok(Response::new(proto::ListTrainersResponse {
            trainers: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn follow_trainer(
        &self,
        request: Request<proto::FollowTrainerRequest>,
    ) -> Result<Response<proto::FollowTrainerResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.follow_trainer(caller.user_id, id(&request.trainer_id)).await?;
        Ok(Response::new(proto::FollowTrainerResponse {}))
    }

    async fn unfollow_trainer(
        &self,
        request: Request<proto::UnfollowTrainerRequest>,
    ) -> Result<Response<proto::UnfollowTrainerResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.unfollow_trainer(caller.user_id, id(&request.trainer_id)).await?;
        Ok(Response::new(proto::UnfollowTrainerResponse {}))
    }

    async fn list_athletes(
        &self,
        request: Request<proto::ListAthletesRequest>,
    ) -> Result<Response<proto::ListAthletesResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let listed = self.0.list_athletes(&caller, request.page_size, &request.page_token).await?;
        let listed = listed.map(trainer_message::from_athlete);
        Ok(Response::new(proto::ListAthletesResponse {
            athletes: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn list_athlete_routines(
        &self,
        request: Request<proto::ListAthleteRoutinesRequest>,
    ) -> Result<Response<proto::ListAthleteRoutinesResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let (size, token) = (request.page_size, &request.page_token);
        let listed = self.0.list_athlete_routines(&caller, id(&request.athlete_id), size, token).await?;
        let listed = listed.map(routine_message::from);
        Ok(Response::new(proto::ListAthleteRoutinesResponse {
            routines: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn get_athlete_routine(
        &self,
        request: Request<proto::GetAthleteRoutineRequest>,
    ) -> Result<Response<proto::GetAthleteRoutineResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let (athlete_id, routine_id) = (id(&request.athlete_id), id(&request.routine_id));
        let routine = self.0.get_athlete_routine(&caller, athlete_id, routine_id).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(Response::new(proto::GetAthleteRoutineResponse { routine }))
    }

    async fn assign_routine(
        &self,
        request: Request<proto::AssignRoutineRequest>,
    ) -> Result<Response<proto::AssignRoutineResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let (athlete_id, routine_id) = (id(&request.athlete_id), id(&request.routine_id));
        let routine = self.0.assign_routine(&caller, athlete_id, routine_id).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(Response::new(proto::AssignRoutineResponse { routine }))
    }
}
