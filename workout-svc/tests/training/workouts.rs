//! The training log through the API.
#![allow(clippy::float_cmp, reason = "figures come from whole grams, and equal ones are equal to the bit")]

use chassis::time::Clock as _;
use chrono::{DateTime, TimeDelta, Utc};
use fitness_proto::fitness::workout::v1 as proto;
use prost_types::FieldMask;
use tokio::task::JoinSet;
use tonic::Code;
use uuid::Uuid;

use crate::diary::{Diary, exercises, moment, set};
use crate::fixture::{Service, reason, timestamp};

#[tokio::test]
async fn a_workout_is_started_logged_and_finished() {
    let service = Service::start().await;
    let (diary, exercise) =
        (Diary::open(&service, "Europe/Berlin").await, exercises(&service, 1).await.remove(0));
    let request = proto::StartWorkoutRequest { name: " Legs ".to_owned(), ..Default::default() };
    let started = diary.start_workout(request).await.unwrap().workout.unwrap();
    assert_eq!((started.name.as_str(), started.state()), ("Legs", proto::WorkoutState::Started));

    let warm_up = proto::LogSetRequest { warm_up: true, ..set(&started.workout_id, &exercise, 10, 20.0) };
    diary.log_set(warm_up).await.unwrap();
    let first = diary.log(&started.workout_id, &exercise, 5, 100.0).await;
    assert_eq!((first.number, first.estimated_one_rep_max_kg), (2, Some(116.667)));
    let held = proto::LogSetRequest {
        reps: None,
        weight_kg: None,
        duration_seconds: Some(60),
        distance_m: Some(12.345),
        rpe: Some(8.5),
        note: "hard".to_owned(),
        ..set(&started.workout_id, &exercise, 0, 0.0)
    };
    let held = diary.log_set(held).await.unwrap().set.unwrap();
    assert_eq!((held.duration_seconds, held.distance_m, held.rpe), (Some(60), Some(12.345), Some(8.5)));
    assert_eq!((held.reps, held.weight_kg, held.estimated_one_rep_max_kg), (None, None, None));

    service.clock.advance(TimeDelta::minutes(50));
    let finished = diary.finish(&started.workout_id).await;
    assert_eq!(finished.state(), proto::WorkoutState::Finished);
    assert_eq!((finished.set_count, finished.volume_kg), (2, 500.0));
    assert_eq!(finished.sets.len(), 3);
    assert_eq!(moment(finished.finish_time) - moment(finished.start_time), TimeDelta::minutes(50));
    let request = proto::GetWorkoutRequest { workout_id: started.workout_id.clone() };
    assert_eq!(diary.get_workout(request).await.unwrap().workout.unwrap(), finished);

    let begun: Vec<proto::WorkoutStarted> = service.events().await;
    assert_eq!((begun.len(), begun[0].name.as_str()), (1, "Legs"));
    let ended: Vec<proto::WorkoutFinished> = service.events().await;
    assert_eq!((ended.len(), ended[0].set_count, ended[0].volume_kg), (1, 2, 500.0));
    assert_eq!(ended[0].user_id, diary.person.id());
    service.stop().await;
}

#[tokio::test]
async fn a_workout_is_finished_once_however_many_try() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let workout_id = diary.start().await.workout_id;
    diary.log(&workout_id, &exercise, 5, 100.0).await;
    let mut tries = JoinSet::new();
    for _ in 0..6 {
        let (diary, workout_id) = (diary.clone(), workout_id.clone());
        let request = proto::FinishWorkoutRequest { workout_id, finish_time: None };
        tries.spawn(async move { diary.finish_workout(request).await.map_err(|status| reason(&status)) });
    }
    let outcomes = tries.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.into_iter().filter_map(Result::err).all(|reason| reason == "WRONG_STATE"));
    assert_eq!(service.events::<proto::WorkoutFinished>().await.len(), 1);

    let late = diary.log_set(set(&workout_id, &exercise, 5, 100.0)).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "WRONG_STATE"));
    service.stop().await;
}

#[tokio::test]
async fn of_workouts_finished_at_once_one_unlocks_the_first_achievement_and_the_best_breaks_records() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let mut finishing = JoinSet::new();
    for workout in 0..5 {
        let workout_id = diary.start().await.workout_id;
        diary.log(&workout_id, &exercise, 1, 100.0 + f64::from(workout)).await;
        let diary = diary.clone();
        finishing.spawn(async move { diary.finish(&workout_id).await });
    }
    finishing.join_all().await;
    let unlocked: Vec<proto::AchievementUnlocked> = service.events().await;
    assert_eq!(unlocked.iter().filter(|event| event.achievement == "first_workout").count(), 1);
    // Whatever the order was, each record is above the one before, and the last of them is the best.
    let records: Vec<proto::RecordSet> = service.events().await;
    for pair in records.windows(2) {
        assert_eq!(pair[0].estimated_one_rep_max_kg, pair[1].previous_one_rep_max_kg);
    }
    assert_eq!(diary.records().await[0].estimated_one_rep_max_kg, 104.0);
    service.stop().await;
}

#[tokio::test]
async fn a_workout_of_the_past_is_dated_where_the_athlete_was() {
    let service = Service::start().await;
    let (diary, exercise) =
        (Diary::open(&service, "Asia/Kolkata").await, exercises(&service, 1).await.remove(0));
    let start: DateTime<Utc> = "2026-03-01T20:00:00Z".parse().unwrap();
    service.clock.advance("2026-03-10T12:00:00Z".parse::<DateTime<Utc>>().unwrap() - service.clock.now());
    let workout = diary.start_at(start).await;
    assert_eq!(workout.training_date, "2026-03-02");
    let logged = diary.log(&workout.workout_id, &exercise, 5, 60.0).await;
    assert_eq!(moment(logged.log_time), start);
    let finish_time = Some(timestamp(start + TimeDelta::hours(1)));
    let request = proto::FinishWorkoutRequest { workout_id: workout.workout_id.clone(), finish_time };
    let finished = diary.finish_workout(request).await.unwrap().workout.unwrap();
    assert_eq!(moment(finished.finish_time), start + TimeDelta::hours(1));
    service.stop().await;
}

#[tokio::test]
async fn a_day_of_a_routine_is_copied_as_it_was_at_the_start() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    let routine = service.routine(&diary.person, "Strength").await;
    let day = &routine.days[0];
    let request = proto::StartWorkoutRequest {
        routine_id: routine.routine_id.clone(),
        day_id: day.day_id.clone(),
        ..Default::default()
    };
    let workout = diary.start_workout(request.clone()).await.unwrap().workout.unwrap();
    assert_eq!((&workout.routine_id, &workout.day_id), (&routine.routine_id, &day.day_id));
    assert_eq!(workout.name, day.name);
    assert_eq!(workout.plan.len(), 1);
    assert_eq!(workout.plan[0].exercise_id, day.exercises[0].exercise_id);
    assert_eq!(workout.plan[0].set_plans, day.exercises[0].set_plans);

    sqlx::query("DELETE FROM routines").execute(&service.pool).await.unwrap();
    let get = proto::GetWorkoutRequest { workout_id: workout.workout_id.clone() };
    assert_eq!(diary.get_workout(get).await.unwrap().workout.unwrap().plan, workout.plan);
    let gone = diary.start_workout(request).await.unwrap_err();
    assert_eq!((gone.code(), reason(&gone).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    service.stop().await;
}

#[tokio::test]
async fn name_and_note_can_be_changed_and_the_rest_cannot() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    let workout = diary.start().await;
    let request = |new: proto::WorkoutUpdate, paths: Option<&[&str]>| proto::UpdateWorkoutRequest {
        workout_id: workout.workout_id.clone(),
        workout: Some(new),
        update_mask: paths
            .map(|paths| FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() }),
    };
    let new = proto::WorkoutUpdate { name: Some("Push".to_owned()), note: Some("well".to_owned()) };
    let changed = diary.update_workout(request(new.clone(), None)).await.unwrap().workout.unwrap();
    assert_eq!((changed.name.as_str(), changed.note.as_str()), ("Push", "well"));
    let cleared = proto::WorkoutUpdate::default();
    let changed = diary.update_workout(request(cleared, Some(&["note"]))).await.unwrap().workout.unwrap();
    assert_eq!((changed.name.as_str(), changed.note.as_str()), ("Push", ""));
    let refused = diary.update_workout(request(new, Some(&["start_time"]))).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    service.stop().await;
}

#[tokio::test]
async fn workouts_are_listed_newest_first_by_page_and_period() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    let now = service.clock.now();
    for days in 0..5 {
        diary.start_at(now - TimeDelta::days(days)).await;
    }
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let request = proto::ListWorkoutsRequest { page_size: 2, page_token: token, ..Default::default() };
        let page = diary.list_workouts(request).await.unwrap();
        pages.push(page.workouts.len());
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [2, 2, 1]);
    let request = proto::ListWorkoutsRequest {
        from_time: Some(timestamp(now - TimeDelta::days(3))),
        to_time: Some(timestamp(now - TimeDelta::days(1))),
        ..Default::default()
    };
    let listed = diary.list_workouts(request).await.unwrap().workouts;
    let days: Vec<_> =
        listed.into_iter().map(|workout| (now - moment(workout.start_time)).num_days()).collect();
    assert_eq!(days, [2, 3]);
    service.stop().await;
}

#[tokio::test]
async fn what_belongs_to_somebody_else_is_not_found() {
    let service = Service::start().await;
    let (anna, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let ben = Diary::open(&service, "UTC").await;
    let workout_id = anna.start().await.workout_id;
    let set_id = anna.log(&workout_id, &exercise, 5, 100.0).await.set_id;
    let own = ben.start().await.workout_id;
    let update = |workout_id: &str| proto::UpdateSetRequest {
        workout_id: workout_id.to_owned(),
        set_id: set_id.clone(),
        set: Some(proto::SetUpdate { reps: Some(1), ..Default::default() }),
        update_mask: None,
    };
    let delete = |workout_id: &str| proto::DeleteSetRequest {
        workout_id: workout_id.to_owned(),
        set_id: set_id.clone(),
    };
    let workout = || workout_id.clone();
    let refused = [
        ben.get_workout(proto::GetWorkoutRequest { workout_id: workout() }).await.err(),
        ben.update_workout(proto::UpdateWorkoutRequest {
            workout_id: workout(),
            workout: Some(proto::WorkoutUpdate::default()),
            update_mask: None,
        })
        .await
        .err(),
        ben.delete_workout(proto::DeleteWorkoutRequest { workout_id: workout() }).await.err(),
        ben.finish_workout(proto::FinishWorkoutRequest { workout_id: workout(), finish_time: None })
            .await
            .err(),
        ben.log_set(set(&workout_id, &exercise, 5, 100.0)).await.err(),
        ben.update_set(update(&workout_id)).await.err(),
        ben.delete_set(delete(&workout_id)).await.err(),
        // Through a workout of one's own neither.
        ben.update_set(update(&own)).await.err(),
        ben.delete_set(delete(&own)).await.err(),
        ben.get_workout(proto::GetWorkoutRequest { workout_id: Uuid::now_v7().to_string() }).await.err(),
    ];
    for (index, status) in refused.into_iter().enumerate() {
        let status = status.unwrap_or_else(|| panic!("call {index} was answered"));
        assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"), "call {index}");
    }
    assert!(ben.list_sets(proto::ListSetsRequest::default()).await.unwrap().sets.is_empty());
    let kept = anna.get_workout(proto::GetWorkoutRequest { workout_id: workout() }).await.unwrap();
    assert_eq!(kept.workout.unwrap().sets[0].reps, Some(5));
    service.stop().await;
}

#[tokio::test]
async fn sets_are_listed_newest_first_of_all_or_of_one_exercise() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    let exercises = exercises(&service, 2).await;
    let workout_id = diary.start().await.workout_id;
    for reps in 1..=9 {
        service.clock.advance(TimeDelta::minutes(1));
        diary.log(&workout_id, &exercises[reps as usize % 2], reps, 50.0).await;
    }
    let list = async |exercise_id: String| {
        let (mut reps, mut token) = (Vec::new(), String::new());
        loop {
            let exercise_id = exercise_id.clone();
            let request = proto::ListSetsRequest { exercise_id, page_size: 2, page_token: token };
            let page = diary.list_sets(request).await.unwrap();
            reps.extend(page.sets.into_iter().filter_map(|set| set.reps));
            token = page.next_page_token;
            if token.is_empty() {
                return reps;
            }
        }
    };
    assert_eq!(list(String::new()).await, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(list(exercises[0].clone()).await, [8, 6, 4, 2]);
    service.stop().await;
}
