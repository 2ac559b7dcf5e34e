//! Routines with their days and exercises, and the event of every change.

use fitness_proto::fitness::workout::v1 as proto;
use prost_types::FieldMask;
use proto::RoutineAction as Action;
use tokio::task::JoinSet;

use crate::fixture::{Person, Service, assert_invalid, assert_refused, five_by_five};

async fn get(service: &Service, person: &Person, routine_id: &str) -> Result<proto::Routine, tonic::Status> {
    let request = person.ask(proto::GetRoutineRequest { routine_id: routine_id.to_owned() });
    Ok(service.routines.clone().get_routine(request).await?.into_inner().routine.unwrap())
}

async fn actions(service: &Service) -> Vec<Action> {
    service.events::<proto::RoutineChanged>().await.iter().map(proto::RoutineChanged::action).collect()
}

fn mask(paths: &[&str]) -> FieldMask {
    FieldMask { paths: paths.iter().copied().map(str::to_owned).collect() }
}

#[tokio::test]
async fn a_routine_is_made_as_a_whole_and_read_as_it_was_answered() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let (reps, time, distance) = (
        service.exercise_with("reps").await,
        service.exercise_with("time").await,
        service.exercise_with("distance").await,
    );
    let exercise = |exercise_id, set_plan| proto::NewRoutineExercise {
        exercise_id,
        notes: "One\nafter the other".to_owned(),
        set_plans: vec![set_plan],
    };
    let timed = proto::SetPlan { sets: 3, duration_seconds: 60, rest_seconds: 30, ..Default::default() };
    let far = proto::SetPlan { sets: 1, distance_m: 5000.0, ..Default::default() };
    let heavy = proto::SetPlan { load: Some(proto::set_plan::Load::TargetWeightKg(62.5)), ..five_by_five() };
    let request = proto::CreateRoutineRequest {
        name: " Whole ".to_owned(),
        description: "All of it".to_owned(),
        goal: proto::Goal::Strength.into(),
        level: proto::Level::Advanced.into(),
        days: vec![
            proto::NewRoutineDay {
                name: "A".to_owned(),
                exercises: vec![exercise(reps, heavy), exercise(time, timed)],
            },
            proto::NewRoutineDay { name: "B".to_owned(), exercises: vec![exercise(distance, far)] },
        ],
    };
    let answer = service.routines.clone().create_routine(anna.ask(request)).await.unwrap();
    let made = answer.into_inner().routine.unwrap();
    assert_eq!((made.name.as_str(), made.day_count, made.revision), ("Whole", 2, 1));
    let places: Vec<_> = made.days.iter().map(|day| (day.position, day.exercises.len())).collect();
    assert_eq!(places, [(1, 2), (2, 1)]);
    assert_eq!(made.days[0].exercises[0].set_plans, [heavy]);
    assert_eq!(made.days[0].exercises[1].set_plans, [timed]);
    assert_eq!(made.days[1].exercises[0].set_plans, [far]);
    assert!(made.days[0].exercises.iter().all(|exercise| !exercise.exercise_name.is_empty()));
    assert_eq!(get(&service, &anna, &made.routine_id).await.unwrap(), made);
    service.stop().await;
}

#[tokio::test]
async fn every_change_is_published_with_its_action_in_the_order_of_the_changes() {
    let service = Service::start().await;
    let (anna, trainer) = (service.person("Anna").await, service.trainer("Tom").await);
    let mut routines = service.routines.clone();
    let made = service.routine(&anna, "Strong").await;
    let routine_id = made.routine_id.clone();
    service.follow(&anna, &trainer).await;

    let day = proto::CreateRoutineDayRequest {
        routine_id: routine_id.clone(),
        name: "Pull".to_owned(),
        exercises: vec![],
    };
    let day = routines.create_routine_day(anna.ask(day)).await.unwrap().into_inner().day.unwrap();
    let exercise = proto::CreateRoutineExerciseRequest {
        routine_id: routine_id.clone(),
        day_id: day.day_id.clone(),
        exercise_id: service.exercise_with("reps").await,
        notes: String::new(),
        set_plans: vec![five_by_five()],
    };
    let answer = routines.create_routine_exercise(anna.ask(exercise)).await.unwrap();
    let exercise = answer.into_inner().exercise.unwrap();
    let routine = Some(proto::RoutineUpdate { name: Some("Stronger".to_owned()), ..Default::default() });
    let update = proto::UpdateRoutineRequest { routine_id: routine_id.clone(), routine, update_mask: None };
    routines.update_routine(anna.ask(update)).await.unwrap();
    let update = proto::UpdateRoutineDayRequest {
        routine_id: routine_id.clone(),
        day_id: day.day_id.clone(),
        day: Some(proto::RoutineDayUpdate { name: Some("Back".to_owned()), position: None }),
        update_mask: None,
    };
    routines.update_routine_day(anna.ask(update)).await.unwrap();
    let update = proto::UpdateRoutineExerciseRequest {
        routine_id: routine_id.clone(),
        day_id: day.day_id.clone(),
        routine_exercise_id: exercise.routine_exercise_id.clone(),
        exercise: Some(proto::RoutineExerciseUpdate { notes: Some("Slow".to_owned()), ..Default::default() }),
        update_mask: None,
    };
    routines.update_routine_exercise(anna.ask(update)).await.unwrap();
    assert_eq!(get(&service, &anna, &routine_id).await.unwrap().revision, 6);
    let added = [day.day_id.clone(), exercise.routine_exercise_id.clone()];
    let delete = proto::DeleteRoutineExerciseRequest {
        routine_id: routine_id.clone(),
        day_id: day.day_id.clone(),
        routine_exercise_id: exercise.routine_exercise_id,
    };
    routines.delete_routine_exercise(anna.ask(delete)).await.unwrap();
    let delete = proto::DeleteRoutineDayRequest { routine_id: routine_id.clone(), day_id: day.day_id };
    routines.delete_routine_day(anna.ask(delete)).await.unwrap();
    let copy = proto::CopyRoutineRequest { routine_id: routine_id.clone(), name: String::new() };
    let copy = routines.copy_routine(anna.ask(copy)).await.unwrap().into_inner().routine.unwrap();
    let delete = proto::DeleteRoutineRequest { routine_id: routine_id.clone() };
    routines.delete_routine(anna.ask(delete)).await.unwrap();

    let events = service.events::<proto::RoutineChanged>().await;
    let expected = [
        (&routine_id, "Strong", Action::Created),
        (&routine_id, "Strong", Action::DayAdded),
        (&routine_id, "Strong", Action::ExerciseAdded),
        (&routine_id, "Stronger", Action::Updated),
        (&routine_id, "Stronger", Action::Updated),
        (&routine_id, "Stronger", Action::Updated),
        (&routine_id, "Stronger", Action::Updated),
        (&routine_id, "Stronger", Action::Updated),
        (&copy.routine_id, "Stronger", Action::Created),
        (&routine_id, "Stronger", Action::Deleted),
    ];
    let found: Vec<_> =
        events.iter().map(|event| (&event.routine_id, event.name.as_str(), event.action())).collect();
    assert_eq!(found, expected);
    assert!(events.iter().all(|event| event.user_id == anna.id() && event.actor_id == anna.id()));
    assert!(events.iter().all(|event| event.actor_name.is_empty() && event.change_time.is_some()));
    assert_eq!(events[1..3].iter().map(|event| &event.added_id).collect::<Vec<_>>(), [&added[0], &added[1]]);
    assert!(events[..1].iter().chain(&events[3..]).all(|event| event.added_id.is_empty()));
    assert_eq!(events[0].trainer_ids, [""; 0]);
    assert!(events[1..].iter().all(|event| event.trainer_ids == [trainer.id()]));
    service.stop().await;
}

#[tokio::test]
async fn a_refused_change_is_neither_kept_nor_published() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let made = service.routine(&anna, "Strong").await;
    let update = proto::UpdateRoutineExerciseRequest {
        routine_id: made.routine_id.clone(),
        day_id: made.days[0].day_id.clone(),
        routine_exercise_id: made.days[0].exercises[0].routine_exercise_id.clone(),
        exercise: Some(proto::RoutineExerciseUpdate {
            notes: Some("New".to_owned()),
            set_plans: vec![proto::SetPlan { sets: 1, duration_seconds: 60, ..Default::default() }],
            position: None,
        }),
        update_mask: None,
    };
    let refused = service.routines.clone().update_routine_exercise(anna.ask(update)).await;
    assert_refused("INVALID_REQUEST", refused);
    assert_eq!(get(&service, &anna, &made.routine_id).await.unwrap(), made);
    assert_eq!(actions(&service).await, [Action::Created]);
    service.stop().await;
}

#[tokio::test]
async fn an_update_changes_what_the_mask_names() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let made = service.routine(&anna, "Strong").await;
    let update = async |routine, update_mask| {
        let routine_id = made.routine_id.clone();
        let request = proto::UpdateRoutineRequest { routine_id, routine: Some(routine), update_mask };
        Ok::<_, tonic::Status>(
            service.routines.clone().update_routine(anna.ask(request)).await?.into_inner().routine.unwrap(),
        )
    };
    let both = proto::RoutineUpdate {
        description: Some("Hard".to_owned()),
        goal: Some(proto::Goal::Strength.into()),
        ..Default::default()
    };
    let updated = update(both.clone(), Some(mask(&["goal"]))).await.unwrap();
    assert_eq!((updated.goal(), updated.description.as_str()), (proto::Goal::Strength, ""));
    let updated = update(both, None).await.unwrap();
    assert_eq!(updated.description, "Hard");
    let updated =
        update(proto::RoutineUpdate::default(), Some(mask(&["goal", "description"]))).await.unwrap();
    assert_eq!((updated.goal(), updated.description.as_str()), (proto::Goal::Unspecified, ""));
    assert_eq!((updated.name.as_str(), updated.revision), ("Strong", 4));
    assert_eq!(updated.days, made.days);
    assert_invalid("routine.name", update(proto::RoutineUpdate::default(), Some(mask(&["name"]))).await);
    assert_invalid("update_mask", update(proto::RoutineUpdate::default(), Some(mask(&["routine_id"]))).await);
    service.stop().await;
}

#[tokio::test]
async fn days_and_exercises_move_to_a_place_and_leave_no_gaps() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let exercise_id = service.exercise_with("reps").await;
    let exercise = |notes: &str| proto::NewRoutineExercise {
        exercise_id: exercise_id.clone(),
        notes: notes.to_owned(),
        set_plans: vec![],
    };
    let day = |name: &str| proto::NewRoutineDay {
        name: name.to_owned(),
        exercises: ["a", "b", "c", "d"].map(exercise).to_vec(),
    };
    let request = proto::CreateRoutineRequest {
        name: "Moving".to_owned(),
        days: ["A", "B", "C", "D"].map(day).to_vec(),
        ..Default::default()
    };
    let answer = service.routines.clone().create_routine(anna.ask(request)).await.unwrap();
    let made = answer.into_inner().routine.unwrap();
    let routine_id = made.routine_id.clone();
    let order = async || {
        let days = get(&service, &anna, &routine_id).await.unwrap().days;
        assert!(days.iter().zip(1..).all(|(day, place)| day.position == place));
        days.iter().map(|day| day.name.clone()).collect::<String>()
    };
    for (day, position, expected) in
        [(0, 3, "BCAD"), (3, 1, "DBCA"), (1, 14, "DCAB"), (2, 2, "DCAB"), (0, 2, "DACB")]
    {
        let request = proto::UpdateRoutineDayRequest {
            routine_id: routine_id.clone(),
            day_id: made.days[day].day_id.clone(),
            day: Some(proto::RoutineDayUpdate { name: None, position: Some(position) }),
            update_mask: None,
        };
        let moved = service.routines.clone().update_routine_day(anna.ask(request)).await.unwrap();
        assert_eq!(moved.into_inner().day.unwrap().exercises.len(), 4);
        assert_eq!(order().await, expected);
    }
    let delete = proto::DeleteRoutineDayRequest {
        routine_id: routine_id.clone(),
        day_id: made.days[0].day_id.clone(),
    };
    service.routines.clone().delete_routine_day(anna.ask(delete)).await.unwrap();
    assert_eq!(order().await, "DCB");

    let place = &made.days[1];
    let notes = async || {
        let days = get(&service, &anna, &routine_id).await.unwrap().days;
        let exercises = &days.iter().find(|day| day.day_id == place.day_id).unwrap().exercises;
        assert!(exercises.iter().zip(1..).all(|(exercise, place)| exercise.position == place));
        exercises.iter().map(|exercise| exercise.notes.clone()).collect::<String>()
    };
    for (index, position, expected) in [(0, 4, "bcda"), (3, 1, "dbca"), (2, 2, "dcba")] {
        let request = proto::UpdateRoutineExerciseRequest {
            routine_id: routine_id.clone(),
            day_id: place.day_id.clone(),
            routine_exercise_id: place.exercises[index].routine_exercise_id.clone(),
            exercise: Some(proto::RoutineExerciseUpdate { position: Some(position), ..Default::default() }),
            update_mask: None,
        };
        service.routines.clone().update_routine_exercise(anna.ask(request)).await.unwrap();
        assert_eq!(notes().await, expected);
    }
    let delete = proto::DeleteRoutineExerciseRequest {
        routine_id: routine_id.clone(),
        day_id: place.day_id.clone(),
        routine_exercise_id: place.exercises[2].routine_exercise_id.clone(),
    };
    service.routines.clone().delete_routine_exercise(anna.ask(delete)).await.unwrap();
    assert_eq!(notes().await, "dba");
    service.stop().await;
}

#[tokio::test]
async fn days_that_are_added_at_the_same_time_get_places_of_their_own() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let made = service.routine(&anna, "Busy").await;
    let mut calls = JoinSet::new();
    for number in 0..20 {
        let request = anna.ask(proto::CreateRoutineDayRequest {
            routine_id: made.routine_id.clone(),
            name: format!("Day {number}"),
            exercises: vec![],
        });
        let mut routines = service.routines.clone();
        calls.spawn(async move { routines.create_routine_day(request).await });
    }
    let (added, refused): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(added.len(), 13);
    for outcome in refused {
        assert_refused("LIMIT_REACHED", outcome);
    }
    let read = get(&service, &anna, &made.routine_id).await.unwrap();
    assert_eq!(read.days.iter().map(|day| day.position).collect::<Vec<_>>(), (1..=14).collect::<Vec<_>>());
    assert_eq!((read.day_count, read.revision), (14, 14));
    service.stop().await;
}

#[tokio::test]
async fn a_copy_is_a_routine_of_its_own() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let made = service.routine(&anna, "Strong").await;
    let request = proto::CopyRoutineRequest { routine_id: made.routine_id.clone(), name: "Twin".to_owned() };
    let answer = service.routines.clone().copy_routine(anna.ask(request)).await.unwrap();
    let copy = answer.into_inner().routine.unwrap();
    assert_eq!((copy.name.as_str(), copy.revision), ("Twin", 1));
    assert_ne!(copy.days[0].day_id, made.days[0].day_id);
    assert_eq!(copy.days[0].exercises[0].set_plans, made.days[0].exercises[0].set_plans);
    let delete = proto::DeleteRoutineRequest { routine_id: made.routine_id };
    service.routines.clone().delete_routine(anna.ask(delete)).await.unwrap();
    assert_eq!(get(&service, &anna, &copy.routine_id).await.unwrap(), copy);
    service.stop().await;
}

#[tokio::test]
async fn pages_hold_every_routine_once_newest_first_and_none_of_others() {
    let service = Service::start().await;
    let (anna, boris) = (service.person("Anna").await, service.person("Boris").await);
    service.routine(&boris, "Not Anna's").await;
    for number in 0..5 {
        service.routine(&anna, &format!("{number}")).await;
    }
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = anna.ask(proto::ListRoutinesRequest { page_size: 2, page_token });
        let answer = service.routines.clone().list_routines(request).await.unwrap().into_inner();
        assert!(answer.routines.iter().all(|routine| routine.days.is_empty() && routine.day_count == 1));
        names.push(answer.routines.iter().map(|routine| routine.name.clone()).collect::<String>());
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["43", "21", "0"]);
    service.stop().await;
}

#[tokio::test]
async fn two_hundred_routines_are_enough() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let made = service.routine(&anna, "First").await;
    sqlx::query(
        "INSERT INTO routines
         SELECT (jsonb_populate_record(routines, jsonb_build_object('routine_id', gen_random_uuid()))).*
         FROM routines, generate_series(1, 199)",
    )
    .execute(&service.pool)
    .await
    .unwrap();
    let copy = proto::CopyRoutineRequest { routine_id: made.routine_id, name: String::new() };
    assert_refused("LIMIT_REACHED", service.routines.clone().copy_routine(anna.ask(copy)).await);
    service.stop().await;
}
