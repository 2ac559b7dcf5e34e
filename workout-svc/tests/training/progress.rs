//! What follows from a finished workout, and who hears of it.
#![allow(clippy::float_cmp, reason = "figures come from whole grams, and equal ones are equal to the bit")]

use chassis::time::Clock as _;
use chrono::{Datelike as _, TimeDelta};
use fitness_proto::fitness::workout::v1 as proto;

use crate::diary::{Diary, exercises, set};
use crate::fixture::Service;

#[tokio::test]
async fn a_first_mark_breaks_no_record_and_a_better_one_does() {
    let service = Service::start().await;
    let trainer = service.trainer("Tom").await;
    let diary = Diary::open(&service, "UTC").await;
    service.follow(&diary.person, &trainer).await;
    let exercise = exercises(&service, 1).await.remove(0);
    diary.train(&exercise, 5, 100.0).await;
    diary.train(&exercise, 6, 90.0).await;
    assert!(service.events::<proto::RecordSet>().await.is_empty());
    let workout = diary.train(&exercise, 3, 110.0).await;

    let records: Vec<proto::RecordSet> = service.events().await;
    let [record] = records.as_slice() else { panic!("one record was broken: {records:?}") };
    assert_eq!((&record.workout_id, &record.exercise_id), (&workout.workout_id, &exercise));
    assert_eq!((record.estimated_one_rep_max_kg, record.previous_one_rep_max_kg), (121.0, 116.667));
    let finished: Vec<proto::WorkoutFinished> = service.events().await;
    let unlocked: Vec<proto::AchievementUnlocked> = service.events().await;
    let by_the_hour = ["early_bird", "night_owl"];
    let names = unlocked.iter().map(|event| event.achievement.as_str());
    let names: Vec<_> = names.filter(|name| !by_the_hour.contains(name)).collect();
    assert_eq!(names, ["first_workout", "first_record"]);
    let heard = [&record.trainer_ids, &finished[0].trainer_ids, &unlocked[0].trainer_ids];
    assert!(heard.into_iter().all(|trainers| *trainers == [trainer.id()]), "{heard:?}");
    let listed = diary.records().await;
    assert_eq!((listed.len(), listed[0].reps, listed[0].weight_kg), (1, 3, 110.0));
    assert_eq!(listed[0].exercise_name, record.exercise_name);
    service.stop().await;
}

#[tokio::test]
async fn texts_are_in_the_language_of_the_athlete() {
    let service = Service::start().await;
    let person = service.stranger();
    service.take(&service.registered(&person, "Анна", "ru", "Europe/Moscow")).await;
    let diary = Diary::of(&service, person);
    let exercise = exercises(&service, 1).await.remove(0);
    assert_eq!(diary.train(&exercise, 5, 100.0).await.name, "Тренировка");
    diary.train(&exercise, 5, 110.0).await;
    let russian = |text: &str| text.chars().any(|letter| ('а'..='я').contains(&letter));
    let records: Vec<proto::RecordSet> = service.events().await;
    assert!(russian(&records[0].exercise_name), "{}", records[0].exercise_name);
    let unlocked: Vec<proto::AchievementUnlocked> = service.events().await;
    assert!(unlocked.iter().all(|event| russian(&event.title) && russian(&event.description)));
    let listed = diary.list_achievements(proto::ListAchievementsRequest {}).await.unwrap().achievements;
    assert!(listed.iter().all(|achievement| russian(&achievement.title)));
    service.stop().await;
}

#[tokio::test]
async fn achievements_show_how_far_it_is_and_stay_when_sets_go() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let list =
        async || diary.list_achievements(proto::ListAchievementsRequest {}).await.unwrap().achievements;
    let find = |all: Vec<proto::Achievement>, name: &str| {
        all.into_iter().find(|achievement| achievement.achievement == name).unwrap()
    };
    assert!(list().await.len() >= 12);
    assert!(list().await.iter().all(|achievement| !achievement.unlocked && achievement.progress == 0.0));
    let workout = diary.train(&exercise, 10, 125.5).await;
    let volume = find(list().await, "volume_10000");
    assert_eq!((volume.unlocked, volume.progress, volume.goal), (false, 1255.0, 10_000.0));
    let first = find(list().await, "first_workout");
    assert!(first.unlocked && first.unlock_time.is_some());

    let request = proto::DeleteWorkoutRequest { workout_id: workout.workout_id };
    diary.delete_workout(request).await.unwrap();
    assert_eq!(find(list().await, "volume_10000").progress, 0.0);
    assert_eq!(find(list().await, "first_workout"), first);
    diary.train(&exercise, 10, 100.0).await;
    let unlocked: Vec<proto::AchievementUnlocked> = service.events().await;
    assert_eq!(unlocked.iter().filter(|event| event.achievement == "first_workout").count(), 1);
    service.stop().await;
}

#[tokio::test]
async fn a_correction_upwards_can_unlock_what_was_missed() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let workout = diary.train(&exercise, 10, 99.0).await;
    assert!(!diary.unlocked().await.contains(&"volume_10000".to_owned()));
    let update = proto::SetUpdate { weight_kg: Some(1000.0), ..Default::default() };
    let request = proto::UpdateSetRequest {
        workout_id: workout.workout_id,
        set_id: workout.sets[0].set_id.clone(),
        set: Some(update),
        update_mask: None,
    };
    diary.update_set(request).await.unwrap();
    assert!(diary.unlocked().await.contains(&"volume_10000".to_owned()));
    assert_eq!(diary.records().await[0].weight_kg, 1000.0);
    service.stop().await;
}

#[tokio::test]
async fn statistics_sum_up_by_week_and_by_muscle_group() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let now = service.clock.now();
    let monday = now - TimeDelta::days(now.weekday().num_days_from_monday().into());
    for (days, kg) in [(-7, 50.0), (-8, 60.0), (-20, 70.0)] {
        let workout_id = diary.start_at(monday + TimeDelta::days(days)).await.workout_id;
        diary.log(&workout_id, &exercise, 10, kg).await;
        let warm_up = proto::LogSetRequest { warm_up: true, ..set(&workout_id, &exercise, 10, 20.0) };
        diary.log_set(warm_up).await.unwrap();
        diary.finish(&workout_id).await;
    }
    // What goes on counts nowhere yet.
    let workout_id = diary.start().await.workout_id;
    diary.log(&workout_id, &exercise, 10, 500.0).await;
    let stats = diary.get_stats(proto::GetStatsRequest::default()).await.unwrap().stats.unwrap();
    assert_eq!((stats.workout_count, stats.set_count, stats.rep_count), (3, 3, 30));
    assert_eq!(stats.volume_kg, 1800.0);
    assert_eq!(stats.to_date, now.date_naive().to_string());
    let weeks: Vec<_> = stats.weeks.iter().map(|week| (week.week_start.as_str(), week.volume_kg)).collect();
    let date = |days| (monday + TimeDelta::days(days)).date_naive().to_string();
    assert_eq!(weeks, [(date(-21).as_str(), 700.0), (date(-14).as_str(), 600.0), (date(-7).as_str(), 500.0)]);
    assert!(!stats.muscle_groups.is_empty());
    assert!(stats.muscle_groups.iter().all(|done| done.set_count == 3));

    let request = proto::GetStatsRequest { from_date: date(-8), to_date: date(-7) };
    let stats = diary.get_stats(request).await.unwrap().stats.unwrap();
    assert_eq!((stats.workout_count, stats.volume_kg), (2, 1100.0));
    service.stop().await;
}

#[tokio::test]
async fn the_records_of_many_exercises_are_listed_by_page_newest_first() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    let now = service.clock.now();
    for (days, exercise) in (1..).zip(exercises(&service, 5).await) {
        let workout_id = diary.start_at(now - TimeDelta::days(days)).await.workout_id;
        diary.log(&workout_id, &exercise, 5, 100.0).await;
        diary.finish(&workout_id).await;
    }
    let (mut dates, mut token) = (Vec::new(), String::new());
    loop {
        let request = proto::ListRecordsRequest { page_size: 2, page_token: token };
        let page = diary.list_records(request).await.unwrap();
        dates.extend(page.records.into_iter().map(|record| record.record_date));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected: Vec<_> =
        (1..=5).map(|days| (now - TimeDelta::days(days)).date_naive().to_string()).collect();
    assert_eq!(dates, expected);
    service.stop().await;
}

#[tokio::test]
async fn nothing_of_the_training_outlives_its_account() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    diary.train(&exercise, 5, 100.0).await;
    diary.train(&exercise, 5, 110.0).await;
    let routine = service.routine(&diary.person, "Strength").await;
    let request =
        proto::CreateReminderRequest { routine_id: routine.routine_id, ..crate::diary::daily("18:30") };
    diary.remind(request).await;
    service.take(&service.deleted(&diary.person)).await;
    let left = "SELECT (SELECT count(*) FROM workouts) + (SELECT count(*) FROM workout_sets)
                    + (SELECT count(*) FROM exercise_results) + (SELECT count(*) FROM record_marks)
                    + (SELECT count(*) FROM achievements) + (SELECT count(*) FROM reminders)
                    + (SELECT count(*) FROM weekly_summaries) + (SELECT count(*) FROM routine_changes)
                    + (SELECT count(*) FROM outbox.events)";
    assert_eq!(service.count(left).await, 0);
    let status = diary.list_sets(proto::ListSetsRequest::default()).await.unwrap_err();
    assert_eq!(crate::fixture::reason(&status), "TOKEN_INVALID");
    service.stop().await;
}
