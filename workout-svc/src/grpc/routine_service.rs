//! `fitness.workout.v1.RoutineService`.

mod updates;

use chassis::errors::Failure;
use chassis::grpc::{Answer, Call, id};
use chassis::paging::Page;
use fitness_proto::fitness::workout::v1 as proto;
use proto::routine_service_server::RoutineService;

use super::words::{Word as _, meanings};
use super::{routine_message, set_plan_message};
use crate::routines::{CreateRoutine, DayDraft, ExerciseDraft, ExercisePlace, GenerateRoutine};
use crate::training::Training;

/// Maps the RPCs to the use cases.
pub(crate) struct RoutineApi(pub(crate) Training);

chassis::rpcs! { RoutineService for RoutineApi {
    signed_in list_routines(proto::ListRoutinesRequest) -> proto::ListRoutinesResponse;
    signed_in create_routine(proto::CreateRoutineRequest) -> proto::CreateRoutineResponse;
    signed_in get_routine(proto::GetRoutineRequest) -> proto::GetRoutineResponse;
    signed_in update_routine(proto::UpdateRoutineRequest) -> proto::UpdateRoutineResponse;
    signed_in delete_routine(proto::DeleteRoutineRequest) -> proto::DeleteRoutineResponse;
    signed_in copy_routine(proto::CopyRoutineRequest) -> proto::CopyRoutineResponse;
    signed_in generate_routine(proto::GenerateRoutineRequest) -> proto::GenerateRoutineResponse;
    signed_in create_routine_day(proto::CreateRoutineDayRequest) -> proto::CreateRoutineDayResponse;
    signed_in update_routine_day(proto::UpdateRoutineDayRequest) -> proto::UpdateRoutineDayResponse;
    signed_in delete_routine_day(proto::DeleteRoutineDayRequest) -> proto::DeleteRoutineDayResponse;
    signed_in create_routine_exercise(proto::CreateRoutineExerciseRequest) -> proto::CreateRoutineExerciseResponse;
    signed_in update_routine_exercise(proto::UpdateRoutineExerciseRequest) -> proto::UpdateRoutineExerciseResponse;
    signed_in delete_routine_exercise(proto::DeleteRoutineExerciseRequest) -> proto::DeleteRoutineExerciseResponse;
} }

impl RoutineApi {
    async fn list_routines(
        &self,
        call: Call<proto::ListRoutinesRequest>,
    ) -> Answer<proto::ListRoutinesResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self.0.list_routines(call.caller.user_id, &page).await?.map(routine_message::from);
        Ok(proto::ListRoutinesResponse { routines: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn create_routine(
        &self,
        call: Call<proto::CreateRoutineRequest>,
    ) -> Answer<proto::CreateRoutineResponse> {
        let create = CreateRoutine {
            goal: call.message.goal().meaning(),
            level: call.message.level().meaning(),
            name: call.message.name,
            description: call.message.description,
            days: call.message.days.into_iter().map(routine_message::day_draft).collect::<Result<_, _>>()?,
        };
        let routine = self.0.create_routine(call.caller.user_id, create).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(proto::CreateRoutineResponse { routine })
    }

    async fn get_routine(&self, call: Call<proto::GetRoutineRequest>) -> Answer<proto::GetRoutineResponse> {
        let routine =
            self.0.get_routine(call.caller.user_id, id("routine_id", &call.message.routine_id)?).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(proto::GetRoutineResponse { routine })
    }

    async fn update_routine(
        &self,
        call: Call<proto::UpdateRoutineRequest>,
    ) -> Answer<proto::UpdateRoutineResponse> {
        let routine_id = id("routine_id", &call.message.routine_id)?;
        let changes = updates::routine(call.message.routine.unwrap_or_default(), call.message.update_mask)?;
        let routine = self.0.update_routine(call.caller.user_id, routine_id, changes).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(proto::UpdateRoutineResponse { routine })
    }

    async fn delete_routine(
        &self,
        call: Call<proto::DeleteRoutineRequest>,
    ) -> Answer<proto::DeleteRoutineResponse> {
        self.0.delete_routine(call.caller.user_id, id("routine_id", &call.message.routine_id)?).await?;
        Ok(proto::DeleteRoutineResponse {})
    }

    async fn copy_routine(
        &self,
        call: Call<proto::CopyRoutineRequest>,
    ) -> Answer<proto::CopyRoutineResponse> {
        let copy = self
            .0
            .copy_routine(
                call.caller.user_id,
                id("routine_id", &call.message.routine_id)?,
                &call.message.name,
            )
            .await?;
        let routine = Some(routine_message::from_whole(copy));
        Ok(proto::CopyRoutineResponse { routine })
    }

    async fn generate_routine(
        &self,
        call: Call<proto::GenerateRoutineRequest>,
    ) -> Answer<proto::GenerateRoutineResponse> {
        let time_left = call.time_left();
        let required = |field| Failure::invalid_field(field, "is required");
        let excluded = call.message.excluded_exercise_ids.iter();
        let excluded = excluded.map(|text| id("excluded_exercise_ids", text)).collect::<Result<_, _>>()?;
        let generate = GenerateRoutine {
            goal: call.message.goal().meaning().ok_or_else(|| required("goal"))?,
            level: call.message.level().meaning().ok_or_else(|| required("level"))?,
            days_per_week: call.message.days_per_week,
            equipment: meanings(call.message.equipment()),
            session_minutes: call.message.session_minutes,
            focus: meanings(call.message.focus_muscle_groups()),
            excluded,
            name: call.message.name,
        };
        let routine = self.0.generate_routine(call.caller.user_id, generate, time_left).await?;
        let routine = Some(routine_message::from_whole(routine));
        Ok(proto::GenerateRoutineResponse { routine })
    }

    async fn create_routine_day(
        &self,
        call: Call<proto::CreateRoutineDayRequest>,
    ) -> Answer<proto::CreateRoutineDayResponse> {
        let exercises = call.message.exercises.into_iter().map(routine_message::exercise_draft);
        let exercises = exercises.collect::<Result<_, _>>()?;
        let draft = DayDraft { name: call.message.name, exercises };
        let day = self
            .0
            .create_routine_day(call.caller.user_id, id("routine_id", &call.message.routine_id)?, draft)
            .await?;
        let day = Some(routine_message::from_day(day));
        Ok(proto::CreateRoutineDayResponse { day })
    }

    async fn update_routine_day(
        &self,
        call: Call<proto::UpdateRoutineDayRequest>,
    ) -> Answer<proto::UpdateRoutineDayResponse> {
        let (routine_id, day_id) =
            (id("routine_id", &call.message.routine_id)?, id("day_id", &call.message.day_id)?);
        let changes = updates::day(call.message.day.unwrap_or_default(), call.message.update_mask)?;
        let day = self.0.update_routine_day(call.caller.user_id, routine_id, day_id, changes).await?;
        let day = Some(routine_message::from_day(day));
        Ok(proto::UpdateRoutineDayResponse { day })
    }

    async fn delete_routine_day(
        &self,
        call: Call<proto::DeleteRoutineDayRequest>,
    ) -> Answer<proto::DeleteRoutineDayResponse> {
        let (routine_id, day_id) =
            (id("routine_id", &call.message.routine_id)?, id("day_id", &call.message.day_id)?);
        self.0.delete_routine_day(call.caller.user_id, routine_id, day_id).await?;
        Ok(proto::DeleteRoutineDayResponse {})
    }

    async fn create_routine_exercise(
        &self,
        call: Call<proto::CreateRoutineExerciseRequest>,
    ) -> Answer<proto::CreateRoutineExerciseResponse> {
        let (routine_id, day_id) =
            (id("routine_id", &call.message.routine_id)?, id("day_id", &call.message.day_id)?);
        let draft = ExerciseDraft {
            exercise_id: id("exercise_id", &call.message.exercise_id)?,
            notes: call.message.notes,
            set_plans: set_plan_message::drafts(call.message.set_plans),
        };
        let exercise = self.0.create_routine_exercise(call.caller.user_id, routine_id, day_id, draft).await?;
        let exercise = Some(routine_message::from_exercise(exercise));
        Ok(proto::CreateRoutineExerciseResponse { exercise })
    }

    async fn update_routine_exercise(
        &self,
        call: Call<proto::UpdateRoutineExerciseRequest>,
    ) -> Answer<proto::UpdateRoutineExerciseResponse> {
        let place = ExercisePlace {
            routine_id: id("routine_id", &call.message.routine_id)?,
            day_id: id("day_id", &call.message.day_id)?,
            routine_exercise_id: id("routine_exercise_id", &call.message.routine_exercise_id)?,
        };
        let changes = updates::exercise(call.message.exercise.unwrap_or_default(), call.message.update_mask)?;
        let exercise = self.0.update_routine_exercise(call.caller.user_id, place, changes).await?;
        let exercise = Some(routine_message::from_exercise(exercise));
        Ok(proto::UpdateRoutineExerciseResponse { exercise })
    }

    async fn delete_routine_exercise(
        &self,
        call: Call<proto::DeleteRoutineExerciseRequest>,
    ) -> Answer<proto::DeleteRoutineExerciseResponse> {
        let place = ExercisePlace {
            routine_id: id("routine_id", &call.message.routine_id)?,
            day_id: id("day_id", &call.message.day_id)?,
            routine_exercise_id: id("routine_exercise_id", &call.message.routine_exercise_id)?,
        };
        self.0.delete_routine_exercise(call.caller.user_id, place).await?;
        Ok(proto::DeleteRoutineExerciseResponse {})
    }
}
