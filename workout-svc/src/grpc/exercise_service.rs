//! `fitness.workout.v1.ExerciseService`.

use chassis::errors::Failure;
use chassis::grpc::{Answer, Call, id};
use chassis::mask::Mask;
use chassis::paging::Page;
use fitness_proto::fitness::workout::v1 as proto;
use proto::exercise_service_server::ExerciseService;

use super::exercise_message;
use super::words::{Word as _, meanings};
use crate::catalogue::{Difficulty, Measure};
use crate::exercises::{CreateExercise, ExerciseChanges, ListExercises};
use crate::model::exercise::Details;
use crate::training::Training;

/// Maps the RPCs to the use cases.
pub(crate) struct ExerciseApi(pub(crate) Training);

chassis::rpcs! { ExerciseService for ExerciseApi {
    signed_in list_muscle_groups(proto::ListMuscleGroupsRequest) -> proto::ListMuscleGroupsResponse;
    signed_in list_exercises(proto::ListExercisesRequest) -> proto::ListExercisesResponse;
    signed_in create_exercise(proto::CreateExerciseRequest) -> proto::CreateExerciseResponse;
    signed_in get_exercise(proto::GetExerciseRequest) -> proto::GetExerciseResponse;
    signed_in update_exercise(proto::UpdateExerciseRequest) -> proto::UpdateExerciseResponse;
    signed_in delete_exercise(proto::DeleteExerciseRequest) -> proto::DeleteExerciseResponse;
} }

impl ExerciseApi {
    async fn list_muscle_groups(
        &self,
        call: Call<proto::ListMuscleGroupsRequest>,
    ) -> Answer<proto::ListMuscleGroupsResponse> {
        let named = self.0.list_muscle_groups(call.caller.user_id).await?;
        let muscle_groups = named.into_iter().map(exercise_message::from_muscle_group).collect();
        Ok(proto::ListMuscleGroupsResponse { muscle_groups })
    }

    async fn list_exercises(
        &self,
        call: Call<proto::ListExercisesRequest>,
    ) -> Answer<proto::ListExercisesResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let owner = call.message.owner();
        let wanted = ListExercises {
            muscle: call.message.muscle_group().meaning(),
            equipment: call.message.equipment().meaning(),
            query: call.message.query,
            catalogue: owner != proto::ExerciseOwner::Me,
            own: owner != proto::ExerciseOwner::Catalogue,
        };
        let listed =
            self.0.list_exercises(call.caller.user_id, &wanted, &page).await?.map(exercise_message::from);
        Ok(proto::ListExercisesResponse { exercises: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn create_exercise(
        &self,
        call: Call<proto::CreateExerciseRequest>,
    ) -> Answer<proto::CreateExerciseResponse> {
        let create = CreateExercise {
            measure: call.message.measure().meaning().unwrap_or(Measure::Repetitions),
            details: Details {
                muscles: meanings(call.message.muscle_groups()),
                secondary_muscles: meanings(call.message.secondary_muscle_groups()),
                equipment: meanings(call.message.equipment()),
                difficulty: call.message.level().meaning().unwrap_or(Difficulty::Beginner),
                pattern: call.message.movement().meaning(),
                name: call.message.name,
                description: call.message.description,
            },
        };
        let exercise = self.0.create_exercise(call.caller.user_id, create).await?;
        let exercise = Some(exercise_message::from(exercise));
        Ok(proto::CreateExerciseResponse { exercise })
    }

    async fn get_exercise(
        &self,
        call: Call<proto::GetExerciseRequest>,
    ) -> Answer<proto::GetExerciseResponse> {
        let exercise =
            self.0.get_exercise(call.caller.user_id, id("exercise_id", &call.message.exercise_id)?).await?;
        let exercise = Some(exercise_message::from(exercise));
        Ok(proto::GetExerciseResponse { exercise })
    }

    async fn update_exercise(
        &self,
        call: Call<proto::UpdateExerciseRequest>,
    ) -> Answer<proto::UpdateExerciseResponse> {
        let exercise_id = id("exercise_id", &call.message.exercise_id)?;
        let changes = changes(call.message.exercise.unwrap_or_default(), call.message.update_mask)?;
        let exercise = self.0.update_exercise(call.caller.user_id, exercise_id, changes).await?;
        let exercise = Some(exercise_message::from(exercise));
        Ok(proto::UpdateExerciseResponse { exercise })
    }

    async fn delete_exercise(
        &self,
        call: Call<proto::DeleteExerciseRequest>,
    ) -> Answer<proto::DeleteExerciseResponse> {
        self.0.delete_exercise(call.caller.user_id, id("exercise_id", &call.message.exercise_id)?).await?;
        Ok(proto::DeleteExerciseResponse {})
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
