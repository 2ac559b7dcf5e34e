//! Who may call, and whose things they see.

use fitness_proto::fitness::workout::v1 as proto;
use tonic::Request;

use crate::fixture::{Service, assert_refused};

#[tokio::test]
async fn without_a_good_token_nothing_is_answered() {
    let service = Service::start().await;
    let request = proto::ListExercisesRequest::default();
    assert_refused("TOKEN_MISSING", service.exercises.clone().list_exercises(request.clone()).await);
    for token in ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let mut request = Request::new(request.clone());
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        assert_refused("TOKEN_INVALID", service.exercises.clone().list_exercises(request).await);
    }
    let request = proto::ListRoutinesRequest::default();
    assert_refused("TOKEN_MISSING", service.routines.clone().list_routines(request).await);
    let request = proto::ListTrainersRequest::default();
    assert_refused("TOKEN_MISSING", service.trainers.clone().list_trainers(request).await);
    service.stop().await;
}

#[tokio::test]
async fn a_routine_of_somebody_else_does_not_exist() {
    let service = Service::start().await;
    let (anna, boris) = (service.person("Anna").await, service.person("Boris").await);
    let routine = service.routine(&boris, "Secret").await;
    let (routine_id, day) = (routine.routine_id.clone(), &routine.days[0]);
    let (day_id, exercise) = (day.day_id.clone(), day.exercises[0].clone());
    let routine_exercise_id = exercise.routine_exercise_id.clone();
    let mut routines = service.routines.clone();

    let get = proto::GetRoutineRequest { routine_id: routine_id.clone() };
    assert_refused("NOT_FOUND", routines.get_routine(anna.ask(get)).await);
    let update = proto::UpdateRoutineRequest {
        routine_id: routine_id.clone(),
        routine: Some(proto::RoutineUpdate { name: Some("Mine".to_owned()), ..Default::default() }),
        update_mask: None,
    };
    assert_refused("NOT_FOUND", routines.update_routine(anna.ask(update)).await);
    let delete = proto::DeleteRoutineRequest { routine_id: routine_id.clone() };
    assert_refused("NOT_FOUND", routines.delete_routine(anna.ask(delete)).await);
    let copy = proto::CopyRoutineRequest { routine_id: routine_id.clone(), name: String::new() };
    assert_refused("NOT_FOUND", routines.copy_routine(anna.ask(copy)).await);
    let create = proto::CreateRoutineDayRequest {
        routine_id: routine_id.clone(),
        name: "Mine".to_owned(),
        exercises: vec![],
    };
    assert_refused("NOT_FOUND", routines.create_routine_day(anna.ask(create)).await);

    // Neither under the routine that they belong to, nor under one of the caller's own.
    let own = service.routine(&anna, "Own").await;
    for routine_id in [routine_id.clone(), own.routine_id.clone()] {
        let update = proto::UpdateRoutineDayRequest {
            routine_id: routine_id.clone(),
            day_id: day_id.clone(),
            day: Some(proto::RoutineDayUpdate { name: Some("Mine".to_owned()), position: Some(1) }),
            update_mask: None,
        };
        assert_refused("NOT_FOUND", routines.update_routine_day(anna.ask(update)).await);
        let delete =
            proto::DeleteRoutineDayRequest { routine_id: routine_id.clone(), day_id: day_id.clone() };
        assert_refused("NOT_FOUND", routines.delete_routine_day(anna.ask(delete)).await);
        let create = proto::CreateRoutineExerciseRequest {
            routine_id: routine_id.clone(),
            day_id: day_id.clone(),
            exercise_id: exercise.exercise_id.clone(),
            ..Default::default()
        };
        assert_refused("NOT_FOUND", routines.create_routine_exercise(anna.ask(create)).await);
        for day_id in [day_id.clone(), own.days[0].day_id.clone()] {
            let update = proto::UpdateRoutineExerciseRequest {
                routine_id: routine_id.clone(),
                day_id: day_id.clone(),
                routine_exercise_id: routine_exercise_id.clone(),
                exercise: Some(proto::RoutineExerciseUpdate {
                    notes: Some("Mine".to_owned()),
                    position: Some(2),
                    set_plans: vec![],
                }),
                update_mask: None,
            };
            assert_refused("NOT_FOUND", routines.update_routine_exercise(anna.ask(update)).await);
            let delete = proto::DeleteRoutineExerciseRequest {
                routine_id: routine_id.clone(),
                day_id,
                routine_exercise_id: routine_exercise_id.clone(),
            };
            assert_refused("NOT_FOUND", routines.delete_routine_exercise(anna.ask(delete)).await);
        }
    }
    let get = proto::GetRoutineRequest { routine_id };
    let read = routines.get_routine(boris.ask(get)).await.unwrap().into_inner();
    assert_eq!(read.routine.unwrap(), routine);
    service.stop().await;
}

#[tokio::test]
async fn an_exercise_of_somebody_else_gets_into_no_routine() {
    let service = Service::start().await;
    let (anna, boris) = (service.person("Anna").await, service.person("Boris").await);
    let foreign = service.own_exercise(&boris, "Secret press").await;
    let request = proto::CreateRoutineRequest {
        name: "Curious".to_owned(),
        days: vec![proto::NewRoutineDay {
            name: "Push".to_owned(),
            exercises: vec![proto::NewRoutineExercise {
                exercise_id: foreign.exercise_id,
                ..Default::default()
            }],
        }],
        ..Default::default()
    };
    let refused = service.routines.clone().create_routine(anna.ask(request)).await;
    crate::fixture::assert_invalid("days[0].exercises[0].exercise_id", refused);
    service.stop().await;
}
