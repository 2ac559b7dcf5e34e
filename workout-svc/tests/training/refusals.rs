//! Bad input to the training log and the reminders is refused by field, and never an error of ours.

use chassis::time::Clock as _;
use chrono::TimeDelta;
use fitness_proto::fitness::workout::v1 as proto;
use prost_types::{FieldMask, Timestamp};
use uuid::Uuid;

use crate::diary::{Diary, daily, exercises, set};
use crate::fixture::{Service, assert_invalid, assert_refused, timestamp};

#[tokio::test]
async fn a_workout_with_a_bad_field_is_not_started() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "Europe/Berlin").await;
    let foreign = service.routine(&Diary::open(&service, "UTC").await.person, "Foreign").await;
    let good = proto::StartWorkoutRequest::default;
    let (now, id) = (service.clock.now(), || Uuid::now_v7().to_string());
    let at = |time| proto::StartWorkoutRequest { start_time: Some(time), ..good() };
    let cases = [
        ("name", proto::StartWorkoutRequest { name: "x".repeat(101), ..good() }),
        ("name", proto::StartWorkoutRequest { name: "a\0b".to_owned(), ..good() }),
        ("name", proto::StartWorkoutRequest { name: "a\r\nb".to_owned(), ..good() }),
        ("note", proto::StartWorkoutRequest { note: "x".repeat(2001), ..good() }),
        ("note", proto::StartWorkoutRequest { note: "\0".to_owned(), ..good() }),
        ("routine_id", proto::StartWorkoutRequest { routine_id: "x".to_owned(), ..good() }),
        ("routine_id", proto::StartWorkoutRequest { day_id: id(), ..good() }),
        ("day_id", proto::StartWorkoutRequest { routine_id: id(), ..good() }),
        ("day_id", proto::StartWorkoutRequest { routine_id: id(), day_id: id(), ..good() }),
        (
            "day_id",
            proto::StartWorkoutRequest {
                routine_id: foreign.routine_id.clone(),
                day_id: foreign.days[0].day_id.clone(),
                ..good()
            },
        ),
        ("start_time", at(timestamp(now + TimeDelta::minutes(2)))),
        ("start_time", at(timestamp(now - TimeDelta::days(3660)))),
        ("start_time", at(Timestamp { seconds: i64::MIN, nanos: 0 })),
        ("start_time", at(Timestamp { seconds: i64::MAX, nanos: 0 })),
        ("start_time", at(Timestamp { seconds: 0, nanos: -1 })),
    ];
    for (field, request) in cases {
        assert_invalid(field, diary.start_workout(request).await);
    }
    assert_eq!(service.count("SELECT count(*) FROM workouts").await, 0);
    service.stop().await;
}

#[tokio::test]
async fn a_set_with_a_bad_figure_is_not_logged() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let other = service.own_exercise(&Diary::open(&service, "UTC").await.person, "Foreign").await;
    let workout_id = diary.start().await.workout_id;
    let good = || set(&workout_id, &exercise, 5, 100.0);
    let weight = |weight_kg| ("weight_kg", proto::LogSetRequest { weight_kg: Some(weight_kg), ..good() });
    let distance =
        |distance_m| ("distance_m", proto::LogSetRequest { distance_m: Some(distance_m), ..good() });
    let rpe = |rpe| ("rpe", proto::LogSetRequest { rpe: Some(rpe), ..good() });
    let reps = |reps| ("reps", proto::LogSetRequest { reps, ..good() });
    let time =
        |seconds| ("duration_seconds", proto::LogSetRequest { duration_seconds: Some(seconds), ..good() });
    let exercise = |exercise_id: &str| {
        ("exercise_id", proto::LogSetRequest { exercise_id: exercise_id.to_owned(), ..good() })
    };
    let cases = [
        weight(f64::NAN),
        weight(f64::INFINITY),
        weight(f64::NEG_INFINITY),
        weight(-0.001),
        weight(2000.1),
        weight(f64::MAX),
        distance(f64::NAN),
        distance(f64::INFINITY),
        distance(-1.0),
        distance(1_000_001.0),
        rpe(f64::NAN),
        rpe(0.5),
        rpe(10.5),
        rpe(8.3),
        reps(Some(0)),
        reps(Some(-1)),
        reps(Some(1001)),
        reps(Some(i32::MAX)),
        reps(None),
        time(0),
        time(-5),
        time(86_401),
        exercise(""),
        exercise("x"),
        exercise(&Uuid::now_v7().to_string()),
        exercise(&other.exercise_id),
        ("note", proto::LogSetRequest { note: "x".repeat(501), ..good() }),
        ("note", proto::LogSetRequest { note: "\0".to_owned(), ..good() }),
        ("workout_id", proto::LogSetRequest { workout_id: "x".to_owned(), ..good() }),
    ];
    for (field, request) in cases {
        assert_invalid(field, diary.log_set(request).await);
    }
    assert_eq!(service.count("SELECT count(*) FROM workout_sets").await, 0);
    // A refused set draws no number.
    assert_eq!(diary.log_set(good()).await.unwrap().set.unwrap().number, 1);
    service.stop().await;
}

#[tokio::test]
async fn a_set_is_not_corrected_into_nonsense() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let workout_id = diary.start().await.workout_id;
    let set_id = diary.log(&workout_id, &exercise, 5, 100.0).await.set_id;
    let update = |set: proto::SetUpdate, paths: Option<&str>| proto::UpdateSetRequest {
        workout_id: workout_id.clone(),
        set_id: set_id.clone(),
        set: Some(set),
        update_mask: paths.map(|path| FieldMask { paths: vec![path.to_owned()] }),
    };
    let new = proto::SetUpdate::default;
    let cases = [
        ("set.weight_kg", update(proto::SetUpdate { weight_kg: Some(f64::NAN), ..new() }, None)),
        ("set.weight_kg", update(proto::SetUpdate { weight_kg: Some(-1.0), ..new() }, None)),
        ("set.reps", update(proto::SetUpdate { reps: Some(0), ..new() }, None)),
        ("set.reps", update(new(), Some("reps"))),
        ("set.rpe", update(proto::SetUpdate { rpe: Some(7.7), ..new() }, None)),
        ("set.exercise_id", update(proto::SetUpdate { exercise_id: Some("x".to_owned()), ..new() }, None)),
        ("set.exercise_id", update(new(), Some("exercise_id"))),
        (
            "set.exercise_id",
            update(proto::SetUpdate { exercise_id: Some(Uuid::now_v7().to_string()), ..new() }, None),
        ),
        ("set.note", update(proto::SetUpdate { note: Some("\0".to_owned()), ..new() }, None)),
        ("update_mask", update(new(), Some("log_time"))),
        ("set", proto::UpdateSetRequest { set: None, ..update(new(), None) }),
        ("set_id", proto::UpdateSetRequest { set_id: "x".to_owned(), ..update(new(), None) }),
    ];
    for (field, request) in cases {
        assert_invalid(field, diary.update_set(request).await);
    }
    let cleared = diary.update_set(update(new(), Some("weight_kg"))).await.unwrap().set.unwrap();
    assert_eq!((cleared.reps, cleared.weight_kg), (Some(5), None));
    service.stop().await;
}

#[tokio::test]
async fn a_workout_is_not_finished_at_an_impossible_time() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    let now = service.clock.now();
    let workout_id = diary.start_at(now - TimeDelta::days(3)).await.workout_id;
    let at = |time| proto::FinishWorkoutRequest { workout_id: workout_id.clone(), finish_time: Some(time) };
    for time in [
        timestamp(now + TimeDelta::minutes(2)),
        timestamp(now - TimeDelta::days(4)),
        timestamp(now),
        Timestamp { seconds: i64::MAX, nanos: 0 },
    ] {
        assert_invalid("finish_time", diary.finish_workout(at(time)).await);
    }
    let unknown = proto::FinishWorkoutRequest { workout_id: Uuid::now_v7().to_string(), finish_time: None };
    assert_refused("NOT_FOUND", diary.finish_workout(unknown).await);
    diary.finish(&workout_id).await;
    service.stop().await;
}

#[tokio::test]
async fn lists_and_statistics_refuse_what_is_no_page_and_no_period() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    // The last two are well-formed, with a time that the database does not know.
    for token in ["x", "====", "bm8", "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsIjAiXQ", "W251bGwsbnVsbF0"] {
        let page_token = token.to_owned();
        let workouts = proto::ListWorkoutsRequest { page_token: page_token.clone(), ..Default::default() };
        assert_invalid("page_token", diary.list_workouts(workouts).await);
        let sets = proto::ListSetsRequest { page_token: page_token.clone(), ..Default::default() };
        assert_invalid("page_token", diary.list_sets(sets).await);
        let records = proto::ListRecordsRequest { page_token: page_token.clone(), page_size: 0 };
        assert_invalid("page_token", diary.list_records(records).await);
        let reminders = proto::ListRemindersRequest { page_token, page_size: 0 };
        assert_invalid("page_token", diary.list_reminders(reminders).await);
    }
    for page_size in [-1, i32::MIN] {
        let request = proto::ListSetsRequest { page_size, ..Default::default() };
        assert_invalid("page_size", diary.list_sets(request).await);
    }
    let foreign = proto::ListSetsRequest { exercise_id: "x".to_owned(), ..Default::default() };
    assert_invalid("exercise_id", diary.list_sets(foreign).await);
    let far = Some(Timestamp { seconds: i64::MAX, nanos: 0 });
    let request = proto::ListWorkoutsRequest { from_time: far, ..Default::default() };
    assert_invalid("from_time", diary.list_workouts(request).await);

    let stats =
        |from: &str, to: &str| proto::GetStatsRequest { from_date: from.to_owned(), to_date: to.to_owned() };
    for (field, request) in [
        ("from_date", stats("2026-02-30", "")),
        ("from_date", stats("yesterday", "")),
        ("from_date", stats("2026-03-02", "2026-03-01")),
        ("from_date", stats("1999-01-01", "2026-01-01")),
        ("to_date", stats("", "2026-13-01")),
        ("to_date", stats("", "0000-01-01")),
    ] {
        assert_invalid(field, diary.get_stats(request).await);
    }
    diary.get_stats(stats("0001-01-01", "0001-01-02")).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn a_reminder_with_a_bad_field_is_not_set() {
    let service = Service::start().await;
    let diary = Diary::open(&service, "UTC").await;
    let foreign = service.routine(&Diary::open(&service, "UTC").await.person, "Foreign").await;
    let good = || daily("18:30");
    let dates = |dates: &[&str]| proto::CreateReminderRequest {
        skip_dates: dates.iter().map(|&date| date.to_owned()).collect(),
        ..good()
    };
    let days = |days_of_week| proto::CreateReminderRequest { days_of_week, ..good() };
    let many: Vec<String> = (0..101).map(|day| format!("20{day:02}-01-01")).collect();
    let cases = [
        ("message", proto::CreateReminderRequest { message: String::new(), ..good() }),
        ("message", proto::CreateReminderRequest { message: "  ".to_owned(), ..good() }),
        ("message", proto::CreateReminderRequest { message: "x".repeat(201), ..good() }),
        ("message", proto::CreateReminderRequest { message: "a\r\nBcc: x@y".to_owned(), ..good() }),
        ("time_of_day", daily("")),
        ("time_of_day", daily("24:00")),
        ("time_of_day", daily("8:5")),
        ("time_of_day", daily("08:30:00")),
        ("days_of_week", days(vec![1, 1])),
        ("days_of_week[0]", days(vec![0])),
        ("days_of_week[1]", days(vec![1, 8])),
        ("time_zone", proto::CreateReminderRequest { time_zone: "Mars/Olympus".to_owned(), ..good() }),
        ("time_zone", proto::CreateReminderRequest { time_zone: "../etc/passwd".to_owned(), ..good() }),
        ("routine_id", proto::CreateReminderRequest { routine_id: "x".to_owned(), ..good() }),
        ("routine_id", proto::CreateReminderRequest { routine_id: Uuid::now_v7().to_string(), ..good() }),
        ("routine_id", proto::CreateReminderRequest { routine_id: foreign.routine_id.clone(), ..good() }),
        ("skip_dates[0]", dates(&["2026-02-30"])),
        ("skip_dates[1]", dates(&["2026-02-28", "soon"])),
        ("skip_dates", dates(&["2026-02-28", "2026-02-28"])),
        ("skip_dates", proto::CreateReminderRequest { skip_dates: many, ..good() }),
    ];
    for (field, request) in cases {
        assert_invalid(field, diary.create_reminder(request).await);
    }
    assert_eq!(service.count("SELECT count(*) FROM reminders").await, 0);

    let reminder = diary.remind(good()).await;
    let update = |reminder_update: proto::ReminderUpdate, path: Option<&str>| proto::UpdateReminderRequest {
        reminder_id: reminder.reminder_id.clone(),
        reminder: Some(reminder_update),
        update_mask: path.map(|path| FieldMask { paths: vec![path.to_owned()] }),
    };
    let new = proto::ReminderUpdate::default;
    for (field, request) in [
        ("reminder.message", update(new(), Some("message"))),
        ("reminder.time_of_day", update(new(), Some("time_of_day"))),
        (
            "reminder.time_of_day",
            update(proto::ReminderUpdate { time_of_day: Some("25:00".into()), ..new() }, None),
        ),
        (
            "reminder.time_zone",
            update(proto::ReminderUpdate { time_zone: Some("Nowhere".into()), ..new() }, None),
        ),
        (
            "reminder.routine_id",
            update(proto::ReminderUpdate { routine_id: Some(foreign.routine_id), ..new() }, None),
        ),
        ("update_mask", update(new(), Some("next_due_time"))),
    ] {
        assert_invalid(field, diary.update_reminder(request).await);
    }
    service.stop().await;
}

#[tokio::test]
async fn there_is_an_end_to_sets_and_reminders() {
    let service = Service::start().await;
    let (diary, exercise) = (Diary::open(&service, "UTC").await, exercises(&service, 1).await.remove(0));
    let workout_id = diary.start().await.workout_id;
    sqlx::query("UPDATE workouts SET last_number = 499").execute(&service.pool).await.unwrap();
    diary.log(&workout_id, &exercise, 5, 100.0).await;
    assert_refused("LIMIT_REACHED", diary.log_set(set(&workout_id, &exercise, 5, 100.0)).await);
    for _ in 0..50 {
        diary.remind(daily("18:30")).await;
    }
    assert_refused("LIMIT_REACHED", diary.create_reminder(daily("18:30")).await);
    service.stop().await;
}
