//! `fitness.workout.v1.ExerciseService`.

use chassis::errors::Failure;
use chassis::mask::Mask;
use chassis::{auth, validation};
use fitness_proto::fitness::workout::v1 as proto;
use proto::exercise_service_server::ExerciseService;
use tonic::{Request, Response, Status};

use super::words::{Word as _, meanings};
use super::{exercise_message, id};
use crate::catalogue::{Difficulty, Measure};
use crate::exercises::{CreateExercise, ExerciseChanges, ListExercises};
use crate::model::exercise::Details;
use crate::training::Training;

/// Maps the RPCs to the use cases.
pub(crate) struct ExerciseApi(pub(crate) Training);

#[tonic::async_trait]
impl ExerciseService for ExerciseApi {
    async fn list_muscle_groups(
        &self,
        request: Request<proto::ListMuscleGroupsRequest>,
    ) -> Result<Response<proto::ListMuscleGroupsResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let named = self.0.list_muscle_groups(caller.user_id).await?;
        let muscle_groups = named.into_iter().map(exercise_message::from_muscle_group).collect();
        Ok(Response::new(proto::ListMuscleGroupsResponse { muscle_groups }))
    }

    async fn list_exercises(
        &self,
        request: Request<proto::ListExercisesRequest>,
    ) -> Result<Response<proto::ListExercisesResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let owner = request.owner();
        let wanted = ListExercises {
            muscle: request.muscle_group().meaning(),
            equipment: request.equipment().meaning(),
            query: request.query,
            catalogue: owner != proto::ExerciseOwner::Me,
            own: owner != proto::ExerciseOwner::Catalogue,
            page_size: request.page_size,
            page_token: request.page_token,
        };
        let listed = self.0.list_exercises(caller.user_id, &wanted).await?.map(exercise_message::from);
        Ok(Response::new(proto::ListExercisesResponse {
            exercises: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn create_exercise(
        &self,
        request: Request<proto::CreateExerciseRequest>,
    ) -> Result<Response<proto::CreateExerciseResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let create = CreateExercise {
            measure: request.measure().meaning().unwrap_or(Measure::Repetitions),
            details: Details {
                muscles: meanings(request.muscle_groups()),
                secondary_muscles: meanings(request.secondary_muscle_groups()),
                equipment: meanings(request.equipment()),
                difficulty: request.level().meaning().unwrap_or(Difficulty::Beginner),
                pattern: request.movement().meaning(),
                name: request.name,
                description: request.description,
            },
        };
        let exercise = self.0.create_exercise(caller.user_id, create).await?;
        let exercise = Some(exercise_message::from(exercise));
        Ok(Response::new(proto::CreateExerciseResponse { exercise }))
    }

    async fn get_exercise(
        &self,
        request: Request<proto::GetExerciseRequest>,
    ) -> Result<Response<proto::GetExerciseResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let exercise = self.0.get_exercise(caller.user_id, id(&request.exercise_id)).await?;
        let exercise = Some(exercise_message::from(exercise));
        Ok(Response::new(proto::GetExerciseResponse { exercise }))
    }

    async fn update_exercise(
        &self,
        request: Request<proto::UpdateExerciseRequest>,
    ) -> Result<Response<proto::UpdateExerciseResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let exercise_id = id(&request.exercise_id);
        let changes = changes(request.exercise.unwrap_or_default(), request.update_mask)?;
        let exercise = self.0.update_exercise(caller.user_id, exercise_id, changes).await?;
        let exercise = Some(exercise_message::from(exercise));
        Ok(Response::new(proto::UpdateExerciseResponse { exercise }))
    }

    async fn delete_exercise(
        &self,
        request: Request<proto::DeleteExerciseRequest>,
    ) -> Result<Response<proto::DeleteExerciseResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.delete_exercise(caller.user_id, id(&request.exercise_id)).await?;
        Ok(Response::new(proto::DeleteExerciseResponse {}))
    }
}

/// What an update is about. A field that is named and absent is asked to be emptied.
fn changes(
    update: proto::ExerciseUpdate,
    mask: Option<prost_types::FieldMask>,
) -> Result<ExerciseChanges, Failure> {
    let mask = Mask::of(mask, &update)?;
    let level = update.level().meaning().unwrap_or(Difficulty::Beginner);
    Ok(ExerciseChanges {
        muscles: mask.has("muscle_groups").then(|| meanings(update.muscle_groups())),
        secondary_muscles: mask
            .has("secondary_muscle_groups")
            .then(|| meanings(update.secondary_muscle_groups())),
        equipment: mask.has("equipment").then(|| meanings(update.equipment())),
        difficulty: mask.has("level").then_some(level),
        pattern: mask.has("movement").then(|| update.movement().meaning()),
        name: mask.has("name").then(|| update.name.unwrap_or_default()),
        description: mask.has("description").then(|| update.description.unwrap_or_default()),
    })
}
