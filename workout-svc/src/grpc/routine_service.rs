//! `fitness.workout.v1.RoutineService`.

mod updates;

use chassis::errors::Failure;
use chassis::grpc::parse_timeout;
use chassis::{auth, validation};
use fitness_proto::fitness::workout::v1 as proto;
use proto::routine_service_server::RoutineService;
use tonic::{Request, Response, Status};

use super::words::{Word as _, meanings};
use super::{id, routine_message, set_plan_message};
use crate::routines::{CreateRoutine, DayDraft, ExerciseDraft, ExercisePlace, GenerateRoutine};
use crate::training::{Training, TrainingError};

/// Maps the RPCs to the use cases.
pub(crate) struct RoutineApi(pub(crate) Training);

#[tonic::async_trait]
impl RoutineService for RoutineApi {
    async fn list_routines(
        &self,
        request: Request<proto::ListRoutinesRequest>,
    ) -> Result<Response<proto::ListRoutinesResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let listed = self.0.list_routines(caller.user_id, request.page_size, &request.page_token).await?;
        let listed = listed.map(routine_message::from);
        Ok(Response::new(proto::ListRoutinesResponse {
            routines: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn create_routine(
        &self,
        request: Request<proto::CreateRoutineRequest>,
    ) -> Result<Response<proto::CreateRoutineResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let create = CreateRoutine {
            goal: request.goal().meaning(),
            level: request.level().meaning(),
            name: request.name,
            description: request.description,
            days: request.days.into_iter().map(routine_message::day_draft).collect(),
        };
        let routine = self.0.create_routine(caller.user_id, create).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(Response::new(proto::CreateRoutineResponse { routine }))
    }

    async fn get_routine(
        &self,
        request: Request<proto::GetRoutineRequest>,
    ) -> Result<Response<proto::GetRoutineResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let routine = self.0.get_routine(caller.user_id, id(&request.routine_id)).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(Response::new(proto::GetRoutineResponse { routine }))
    }

    async fn update_routine(
        &self,
        request: Request<proto::UpdateRoutineRequest>,
    ) -> Result<Response<proto::UpdateRoutineResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let routine_id = id(&request.routine_id);
        let changes = updates::routine(request.routine.unwrap_or_default(), request.update_mask)?;
        let routine = self.0.update_routine(caller.user_id, routine_id, changes).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(Response::new(proto::UpdateRoutineResponse { routine }))
    }

    async fn delete_routine(
        &self,
        request: Request<proto::DeleteRoutineRequest>,
    ) -> Result<Response<proto::DeleteRoutineResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.delete_routine(caller.user_id, id(&request.routine_id)).await?;
        Ok(Response::new(proto::DeleteRoutineResponse {}))
    }

    async fn copy_routine(
        &self,
        request: Request<proto::CopyRoutineRequest>,
    ) -> Result<Response<proto::CopyRoutineResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let copy = self.0.copy_routine(caller.user_id, id(&request.routine_id), &request.name).await?;
        let routine = Some(routine_message::from_whole(copy));
        Ok(Response::new(proto::CopyRoutineResponse { routine }))
    }

    async fn generate_routine(
        &self,
        request: Request<proto::GenerateRoutineRequest>,
    ) -> Result<Response<proto::GenerateRoutineResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let time_left = parse_timeout(request.metadata().as_ref());
        let request = request.into_inner();
        let request = validation::check(request)?;
        let required = |field| TrainingError::invalid(field, "is required");
        let generate = GenerateRoutine {
            goal: request.goal().meaning().ok_or_else(|| required("goal"))?,
            level: request.level().meaning().ok_or_else(|| required("level"))?,
            days_per_week: request.days_per_week,
            equipment: meanings(request.equipment()),
            session_minutes: request.session_minutes,
            focus: meanings(request.focus_muscle_groups()),
            excluded: request.excluded_exercise_ids.iter().map(|text| id(text)).collect(),
            name: request.name,
        };
        let routine = self.0.generate_routine(caller.user_id, generate, time_left).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(Response::new(proto::GenerateRoutineResponse { routine }))
    }

    async fn create_routine_day(
        &self,
        request: Request<proto::CreateRoutineDayRequest>,
    ) -> Result<Response<proto::CreateRoutineDayResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let exercises = request.exercises.into_iter().map(routine_message::exercise_draft).collect();
        let draft = DayDraft { name: request.name, exercises };
        let day = self.0.create_routine_day(caller.user_id, id(&request.routine_id), draft).await?;
        let day = Some(routine_message::from_day(day));
        Ok(Response::new(proto::CreateRoutineDayResponse { day }))
    }

    async fn update_routine_day(
        &self,
        request: Request<proto::UpdateRoutineDayRequest>,
    ) -> Result<Response<proto::UpdateRoutineDayResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let (routine_id, day_id) = (id(&request.routine_id), id(&request.day_id));
        let changes = updates::day(request.day.unwrap_or_default(), request.update_mask)?;
        let day = self.0.update_routine_day(caller.user_id, routine_id, day_id, changes).await?;
        let day = Some(routine_message::from_day(day));
        Ok(Response::new(proto::UpdateRoutineDayResponse { day }))
    }

    async fn delete_routine_day(
        &self,
        request: Request<proto::DeleteRoutineDayRequest>,
    ) -> Result<Response<proto::DeleteRoutineDayResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let (routine_id, day_id) = (id(&request.routine_id), id(&request.day_id));
        self.0.delete_routine_day(caller.user_id, routine_id, day_id).await?;
        Ok(Response::new(proto::DeleteRoutineDayResponse {}))
    }

    async fn create_routine_exercise(
        &self,
        request: Request<proto::CreateRoutineExerciseRequest>,
    ) -> Result<Response<proto::CreateRoutineExerciseResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let (routine_id, day_id) = (id(&request.routine_id), id(&request.day_id));
        let draft = ExerciseDraft {
            exercise_id: id(&request.exercise_id),
            notes: request.notes,
            set_plans: set_plan_message::drafts(request.set_plans),
        };
        let exercise = self.0.create_routine_exercise(caller.user_id, routine_id, day_id, draft).await?;
        let exercise = Some(routine_message::from_exercise(exercise));
        Ok(Response::new(proto::CreateRoutineExerciseResponse { exercise }))
    }

    async fn update_routine_exercise(
        &self,
        request: Request<proto::UpdateRoutineExerciseRequest>,
    ) -> Result<Response<proto::UpdateRoutineExerciseResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let place = ExercisePlace {
            routine_id: id(&request.routine_id),
            day_id: id(&request.day_id),
            routine_exercise_id: id(&request.routine_exercise_id),
        };
        let changes = updates::exercise(request.exercise.unwrap_or_default(), request.update_mask)?;
        let exercise = self.0.update_routine_exercise(caller.user_id, place, changes).await?;
        let exercise = Some(routine_message::from_exercise(exercise));
        Ok(Response::new(proto::UpdateRoutineExerciseResponse { exercise }))
    }

    async fn delete_routine_exercise(
        &self,
        request: Request<proto::DeleteRoutineExerciseRequest>,
    ) -> Result<Response<proto::DeleteRoutineExerciseResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let place = ExercisePlace {
            routine_id: id(&request.routine_id),
            day_id: id(&request.day_id),
            routine_exercise_id: id(&request.routine_exercise_id),
        };
        self.0.delete_routine_exercise(caller.user_id, place).await?;
        Ok(Response::new(proto::DeleteRoutineExerciseResponse {}))
    }
}
