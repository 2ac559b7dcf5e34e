//! Generated routines are ordinary ones.

use fitness_proto::fitness::workout::v1 as proto;

use crate::fixture::{Service, assert_invalid, new_exercise};

fn request() -> proto::GenerateRoutineRequest {
    proto::GenerateRoutineRequest {
        goal: proto::Goal::Strength.into(),
        level: proto::Level::Intermediate.into(),
        days_per_week: 3,
        equipment: [proto::Equipment::Barbell, proto::Equipment::Bench, proto::Equipment::Dumbbell]
            .map(i32::from)
            .to_vec(),
        session_minutes: 60,
        ..Default::default()
    }
}

#[tokio::test]
async fn a_generated_routine_is_stored_read_and_changed_like_any_other() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let answer = service.routines.clone().generate_routine(anna.ask(request())).await.unwrap();
    let made = answer.into_inner().routine.unwrap();
    assert_eq!((made.goal(), made.level()), (proto::Goal::Strength, proto::Level::Intermediate));
    assert_eq!((made.planner(), made.day_count), (proto::Planner::Rules, 3));
    assert!(!made.name.is_empty());
    assert!(made.days.iter().all(|day| !day.name.is_empty() && !day.exercises.is_empty()));
    let exercises = || made.days.iter().flat_map(|day| &day.exercises);
    assert!(exercises().all(|exercise| exercise.set_plans.len() == 1 && !exercise.exercise_name.is_empty()));

    let get = proto::GetRoutineRequest { routine_id: made.routine_id.clone() };
    let read = service.routines.clone().get_routine(anna.ask(get)).await.unwrap().into_inner();
    assert_eq!(read.routine.unwrap(), made);
    let routine = Some(proto::RoutineUpdate { name: Some("Mine".to_owned()), ..Default::default() });
    let update =
        proto::UpdateRoutineRequest { routine_id: made.routine_id.clone(), routine, update_mask: None };
    service.routines.clone().update_routine(anna.ask(update)).await.unwrap();

    let events = service.events::<proto::RoutineChanged>().await;
    let actions: Vec<_> = events.iter().map(proto::RoutineChanged::action).collect();
    assert_eq!(actions, [proto::RoutineAction::Created, proto::RoutineAction::Updated]);
    service.stop().await;
}

#[tokio::test]
async fn names_are_in_the_language_of_the_athlete_unless_the_routine_is_given_one() {
    let service = Service::start().await;
    let boris = service.stranger();
    service.take(&service.registered(&boris, "Борис", "ru", "Europe/Moscow")).await;
    let is_cyrillic = |letter: char| matches!(letter, '\u{400}'..='\u{4ff}');
    let answer = service.routines.clone().generate_routine(boris.ask(request())).await.unwrap();
    let made = answer.into_inner().routine.unwrap();
    assert!(made.name.contains(is_cyrillic));
    assert!(made.days.iter().all(|day| day.name.contains(is_cyrillic)));
    let named = proto::GenerateRoutineRequest { name: "Mine".to_owned(), ..request() };
    let answer = service.routines.clone().generate_routine(boris.ask(named)).await.unwrap();
    assert_eq!(answer.into_inner().routine.unwrap().name, "Mine");
    service.stop().await;
}

#[tokio::test]
async fn what_somebody_does_not_want_or_others_made_is_not_in_the_routine() {
    let service = Service::start().await;
    let (anna, boris) = (service.person("Anna").await, service.person("Boris").await);
    let foreign = proto::CreateExerciseRequest {
        level: proto::Level::Beginner.into(),
        ..new_exercise("Foreign press")
    };
    service.exercises.clone().create_exercise(boris.ask(foreign)).await.unwrap();
    let answer = service.routines.clone().generate_routine(anna.ask(request())).await.unwrap();
    let first = answer.into_inner().routine.unwrap();
    let unwanted = first.days[0].exercises[0].exercise_id.clone();
    let without =
        proto::GenerateRoutineRequest { excluded_exercise_ids: vec![unwanted.clone()], ..request() };
    for _ in 0..5 {
        let answer = service.routines.clone().generate_routine(anna.ask(without.clone())).await.unwrap();
        let days = answer.into_inner().routine.unwrap().days;
        let exercises = days.iter().flat_map(|day| &day.exercises).collect::<Vec<_>>();
        assert!(exercises.iter().all(|exercise| exercise.exercise_id != unwanted));
        assert!(exercises.iter().all(|exercise| exercise.exercise_name != "Foreign press"));
    }
    service.stop().await;
}

#[tokio::test]
async fn what_cannot_be_planned_is_refused() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let generate = async |request| service.routines.clone().generate_routine(anna.ask(request)).await;
    let cardio = vec![proto::MuscleGroup::Cardio.into()];
    let focus = proto::GenerateRoutineRequest { focus_muscle_groups: cardio, ..request() };
    assert_invalid("focus_muscle_groups", generate(focus).await);
    sqlx::query("UPDATE exercises SET delete_time = now()").execute(&service.pool).await.unwrap();
    assert_invalid("equipment", generate(request()).await);
    service.stop().await;
}
