//! Whatever an athlete can make without end has a limit, also for fifty calls at one time.

use std::time::Duration;

use fitness_proto::fitness::workout::v1 as proto;
use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::diary::{Diary, daily, exercises, set};
use crate::fixture::{Person, Service, fields, new_exercise, reason};

const CALLS: usize = 50;

/// Makes fifty calls at once and answers how many were taken. All others have to say why they were not.
async fn taken<F>(field: &str, limit: &str, call: impl Fn(usize) -> F) -> usize
where
    F: Future<Output = Result<(), Status>> + Send + 'static,
{
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        calls.spawn(call(number));
    }
    let outcomes = tokio::time::timeout(Duration::from_mins(2), calls.join_all()).await.unwrap();
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    for status in &refused {
        assert_eq!(
            (status.code(), reason(status).as_str()),
            (Code::ResourceExhausted, "LIMIT_REACHED"),
            "{status:?}"
        );
        assert_eq!(fields(status), [field]);
        assert_eq!(status.get_details_error_info().unwrap().metadata["limit"], limit);
        assert!(status.message().contains(&format!("at most {limit} ")), "{}", status.message());
    }
    CALLS - refused.len()
}

/// One more of everything, by somebody, in the routine and the workout given.
fn maker(
    service: &Service,
    person: &Person,
    what: &str,
    routine: &proto::Routine,
    workout_id: &str,
    exercise: &str,
) -> impl Fn(usize) -> BoxFuture<'static, Result<(), Status>> + use<> {
    let (routines, own, diary) =
        (service.routines.clone(), service.exercises.clone(), Diary::of(service, person.clone()));
    let (person, routine, what) = (person.clone(), routine.clone(), what.to_owned());
    let (workout_id, exercise) = (workout_id.to_owned(), exercise.to_owned());
    move |number| {
        let (mut routines, mut own, diary) = (routines.clone(), own.clone(), diary.clone());
        let (person, routine, what) = (person.clone(), routine.clone(), what.clone());
        let (workout_id, exercise) = (workout_id.clone(), exercise.clone());
        Box::pin(async move {
            let name = format!("Number {number}");
            let routine_id = routine.routine_id.clone();
            match what.as_str() {
                "workout" => drop(diary.start_workout(proto::StartWorkoutRequest::default()).await?),
                "set" => drop(diary.log_set(set(&workout_id, &exercise, 5, 100.0)).await?),
                "exercise" => drop(own.create_exercise(person.ask(new_exercise(&name))).await?),
                "routine" => {
                    let request = proto::CreateRoutineRequest { name, ..Default::default() };
                    drop(routines.create_routine(person.ask(request)).await?);
                }
                "copy" => {
                    let request = proto::CopyRoutineRequest { routine_id, name };
                    drop(routines.copy_routine(person.ask(request)).await?);
                }
                "day" => {
                    let request = proto::CreateRoutineDayRequest { routine_id, name, exercises: vec![] };
                    drop(routines.create_routine_day(person.ask(request)).await?);
                }
                "exercise of a day" => {
                    let day_id = routine.days[0].day_id.clone();
                    let exercise = proto::NewRoutineExercise { exercise_id: exercise, ..Default::default() };
                    let request = proto::CreateRoutineExerciseRequest {
                        routine_id,
                        day_id,
                        exercise_id: exercise.exercise_id,
                        ..Default::default()
                    };
                    drop(routines.create_routine_exercise(person.ask(request)).await?);
                }
                "reminder" => drop(diary.create_reminder(daily("18:30")).await?),
                what => panic!("nobody makes a {what}"),
            }
            Ok(())
        })
    }
}

#[tokio::test]
async fn fifty_calls_at_once_do_not_get_past_a_limit_together() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let diary = Diary::of(&service, anna.clone());
    let exercise = exercises(&service, 1).await.remove(0);
    let routine = service.routine(&anna, "First").await;
    let workout_id = diary.start().await.workout_id;
    // So near to its end that fifty more do not fit.
    for fill in [
        "UPDATE workouts SET last_number = 480",
        "INSERT INTO exercises
         SELECT (jsonb_populate_record(exercises, jsonb_build_object(
             'exercise_id', gen_random_uuid(), 'owner_id', (SELECT user_id FROM workouts), 'slug', NULL))).*
         FROM exercises, generate_series(1, 480)
         WHERE slug = (SELECT min(slug) FROM exercises)",
        "INSERT INTO routines
         SELECT (jsonb_populate_record(routines, jsonb_build_object('routine_id', gen_random_uuid()))).*
         FROM routines, generate_series(1, 159)",
        "INSERT INTO reminders
             (reminder_id, user_id, message, time_of_day, days_of_week, enabled, skip_dates, create_time, update_time)
         SELECT gen_random_uuid(), user_id, 'Now', '18:30', '{1}', false, '{}', now(), now()
         FROM workouts, generate_series(1, 40)",
    ] {
        sqlx::query(fill).execute(&service.pool).await.unwrap();
    }
    for (what, field, limit, room) in [
        ("workout", "workouts", "5", 4),
        ("set", "sets", "500", 20),
        ("exercise", "exercises", "500", 20),
        ("routine", "routines", "200", 40),
        ("copy", "routines", "200", 0),
        ("day", "days", "14", 13),
        ("exercise of a day", "exercises", "30", 29),
        ("reminder", "reminders", "50", 10),
    ] {
        let make = maker(&service, &anna, what, &routine, &workout_id, &exercise);
        assert_eq!(taken(field, limit, make).await, room, "{what}");
    }
    // What ends makes room.
    diary.finish(&workout_id).await;
    diary.start().await;
    service.stop().await;
}

#[tokio::test]
async fn workouts_have_an_end_and_so_have_exercises_that_come_and_go() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let diary = Diary::of(&service, anna.clone());
    let exercise = exercises(&service, 1).await.remove(0);
    diary.train(&exercise, 5, 100.0).await;
    service.own_exercise(&anna, "Mine").await;
    for fill in [
        "INSERT INTO workouts (workout_id, user_id, name, note, start_time, local_start, finish_time, plan, create_time)
         SELECT gen_random_uuid(), user_id, '', '', start_time, local_start, finish_time, '[]', create_time
         FROM workouts, generate_series(1, 9999)",
        "INSERT INTO exercises
         SELECT (jsonb_populate_record(exercises, jsonb_build_object(
             'exercise_id', gen_random_uuid(), 'delete_time', now()))).*
         FROM exercises, generate_series(1, 1999)
         WHERE owner_id IS NOT NULL",
    ] {
        sqlx::query(fill).execute(&service.pool).await.unwrap();
    }
    let started = diary.start_workout(proto::StartWorkoutRequest::default()).await.unwrap_err();
    assert!(started.message().contains("at most 10000 workouts"), "{}", started.message());
    let made =
        service.exercises.clone().create_exercise(anna.ask(new_exercise("One more"))).await.unwrap_err();
    assert!(made.message().contains("at most 2000 exercises of your own"), "{}", made.message());
    service.stop().await;
}

#[tokio::test]
async fn an_athlete_follows_twenty_trainers_and_what_they_assign_counts() {
    let service = Service::start().await;
    let anna = service.person("Anna").await;
    let mut trainers = Vec::new();
    for number in 0..22 {
        trainers.push(service.trainer(&format!("Trainer {number}")).await);
    }
    let follow = |number: usize| {
        let request = proto::FollowTrainerRequest { trainer_id: trainers[number % 22].id() };
        let (mut client, request) = (service.trainers.clone(), anna.ask(request));
        async move { client.follow_trainer(request).await.map(drop) }
    };
    let in_all = taken("trainer_id", "20", follow).await;
    assert!(in_all >= 20, "following again is no following more");
    assert_eq!(service.count("SELECT count(*) FROM followings").await, 20);

    let trainer = {
        let query = "SELECT trainer_id::text FROM followings LIMIT 1";
        let id: String = sqlx::query_scalar(query).fetch_one(&service.pool).await.unwrap();
        trainers.iter().find(|trainer| trainer.id() == id).unwrap()
    };
    let own = service.own_exercise(trainer, "Trainer's own").await;
    let routine = service.routine_with(trainer, "Theirs", &own.exercise_id).await;
    sqlx::query(
        "INSERT INTO exercises
         SELECT (jsonb_populate_record(exercises, jsonb_build_object(
             'exercise_id', gen_random_uuid(), 'owner_id', $1::text))).*
         FROM exercises, generate_series(1, 500)
         WHERE owner_id IS NOT NULL",
    )
    .bind(anna.id())
    .execute(&service.pool)
    .await
    .unwrap();
    let request = proto::AssignRoutineRequest { athlete_id: anna.id(), routine_id: routine.routine_id };
    let assigned = service.trainers.clone().assign_routine(trainer.ask(request)).await.unwrap_err();
    assert!(assigned.message().contains("at most 500 exercises of your own"), "{}", assigned.message());
    assert_eq!(service.count("SELECT count(*) FROM routines WHERE assigned_by IS NOT NULL").await, 0);
    service.stop().await;
}
