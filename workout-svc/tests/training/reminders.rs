//! Reminders come on time, and each once.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::time::{Clock as _, ManualClock};
use chrono::{DateTime, TimeDelta, Utc};
use embedded::postgres::fresh_database;
use fitness_proto::fitness::user::v1 as user;
use fitness_proto::fitness::workout::v1 as proto;
use prost_types::FieldMask;

use crate::diary::{Diary, daily, moment};
use crate::fixture::{Service, assert_refused, timestamp, within};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn clock(text: &str) -> ManualClock {
    ManualClock::new(utc(text))
}

fn set_clock(clock: &ManualClock, text: &str) {
    clock.advance(utc(text) - clock.now());
}

/// Waits until nothing is due any more.
async fn settled(service: &Service) {
    let now = service.clock.now();
    let due = "SELECT count(*) FROM (
                   SELECT next_due_time FROM reminders UNION ALL SELECT next_due_time FROM weekly_summaries
               ) AS work
               WHERE next_due_time <= $1";
    within("everything due to be done", async {
        while sqlx::query_scalar::<_, i64>(due).bind(now).fetch_one(&service.pool).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

async fn due_times(service: &Service) -> Vec<DateTime<Utc>> {
    let events: Vec<proto::WorkoutReminderDue> = service.events().await;
    events.into_iter().map(|event| moment(event.due_time)).collect()
}

#[tokio::test]
async fn a_reminder_comes_at_its_time_where_the_athlete_is() {
    let service = Service::start_at(fresh_database("workout").await, clock("2026-03-27T12:00:00Z")).await;
    let diary = Diary::open(&service, "Europe/Berlin").await;
    let routine = service.routine(&diary.person, "Strength").await;
    let request = proto::CreateReminderRequest { routine_id: routine.routine_id, ..daily("18:30") };
    let reminder = diary.remind(request).await;
    assert_eq!((reminder.time_zone.as_str(), reminder.follows_profile), ("Europe/Berlin", true));
    assert_eq!(reminder.days_of_week, [1, 2, 3, 4, 5, 6, 7]);
    // Clocks are put forward in the night to the 29th.
    let expected = ["2026-03-27T17:30:00Z", "2026-03-28T17:30:00Z", "2026-03-29T16:30:00Z"].map(utc);
    for due in expected {
        service.clock.advance(due - service.clock.now() - TimeDelta::seconds(1));
        settled(&service).await;
        assert!(!due_times(&service).await.contains(&due));
        service.clock.advance(TimeDelta::seconds(1));
        settled(&service).await;
    }
    assert_eq!(due_times(&service).await, expected);
    let events: Vec<proto::WorkoutReminderDue> = service.events().await;
    assert_eq!(events[0].user_id, diary.person.id());
    assert_eq!((events[0].message.as_str(), events[0].routine_name.as_str()), ("Time to train", "Strength"));
    assert_eq!(moment(events[0].expire_time) - expected[0], TimeDelta::hours(2));
    service.stop().await;
}

#[tokio::test]
async fn with_two_replicas_each_due_reminder_is_announced_once() {
    let clock = clock("2026-11-20T12:00:00Z");
    let one = Service::start_at(fresh_database("workout").await, clock.clone()).await;
    let two = Service::start_at(one.database_url.clone(), clock.clone()).await;
    let mut reminders = BTreeSet::new();
    for athlete in 0..6 {
        let diary = Diary::open(if athlete % 2 == 0 { &one } else { &two }, "Europe/Berlin").await;
        for _ in 0..40 {
            reminders.insert(diary.remind(daily("18:30")).await.reminder_id);
        }
    }
    for day in 1..=3 {
        set_clock(&clock, &format!("2026-11-{}T17:30:00Z", 19 + day));
        settled(&one).await;
        let events: Vec<proto::WorkoutReminderDue> = one.events().await;
        assert_eq!(events.len(), reminders.len() * day);
        let announced: BTreeSet<_> =
            events[reminders.len() * (day - 1)..].iter().map(|event| event.reminder_id.clone()).collect();
        assert_eq!(announced, reminders);
    }
    two.stop_keeping_database().await;
    one.stop().await;
}

#[tokio::test]
async fn after_an_outage_the_newest_occurrence_comes_if_it_is_fresh_and_older_ones_do_not() {
    let clock = clock("2026-11-20T12:00:00Z");
    let service = Service::start_at(fresh_database("workout").await, clock.clone()).await;
    let diary = Diary::open(&service, "UTC").await;
    diary.remind(daily("18:30")).await;
    let stale = diary.remind(daily("08:00")).await.reminder_id;
    let database = service.stop_keeping_database().await;

    set_clock(&clock, "2026-11-23T19:29:00Z");
    let service = Service::start_at(database, clock).await;
    settled(&service).await;
    assert_eq!(due_times(&service).await, [utc("2026-11-23T18:30:00Z")]);
    let diary = Diary::of(&service, diary.person);
    let request = proto::GetReminderRequest { reminder_id: stale };
    let next = diary.get_reminder(request).await.unwrap().reminder.unwrap().next_due_time;
    assert_eq!(moment(next), utc("2026-11-24T08:00:00Z"));
    service.stop().await;
}

#[tokio::test]
async fn a_reminder_follows_the_profile_to_another_time_zone_unless_it_has_its_own() {
    let service = Service::start_at(fresh_database("workout").await, clock("2026-11-20T12:00:00Z")).await;
    let diary = Diary::open(&service, "Europe/Berlin").await;
    let following = diary.remind(daily("18:30")).await;
    let fixed = proto::CreateReminderRequest { time_zone: "Asia/Kolkata".to_owned(), ..daily("18:30") };
    let fixed = diary.remind(fixed).await;
    assert_eq!(moment(following.next_due_time), utc("2026-11-20T17:30:00Z"));
    assert_eq!(moment(fixed.next_due_time), utc("2026-11-20T13:00:00Z"));
    service.clock.advance(TimeDelta::seconds(1));
    let moved = user::UserProfileUpdated {
        user_id: diary.person.id(),
        email: "somebody@example.org".to_owned(),
        display_name: "Anna".to_owned(),
        locale: "en".to_owned(),
        time_zone: "America/New_York".to_owned(),
        update_time: Some(timestamp(service.clock.now())),
    };
    for _ in 0..2 {
        service.take(&moved).await;
    }
    let listed = diary.list_reminders(proto::ListRemindersRequest::default()).await.unwrap().reminders;
    assert_eq!(listed[0].time_zone, "America/New_York");
    assert_eq!(moment(listed[0].next_due_time), utc("2026-11-20T23:30:00Z"));
    assert_eq!((listed[1].time_zone.as_str(), listed[1].follows_profile), ("Asia/Kolkata", false));
    assert_eq!(moment(listed[1].next_due_time), utc("2026-11-20T13:00:00Z"));
    service.stop().await;
}

#[tokio::test]
async fn a_reminder_is_changed_switched_off_and_deleted() {
    let service = Service::start_at(fresh_database("workout").await, clock("2026-11-20T12:00:00Z")).await;
    let diary = Diary::open(&service, "UTC").await;
    let reminder = diary.remind(daily("18:30")).await;
    let reminder_id = || reminder.reminder_id.clone();
    let update = async |new: proto::ReminderUpdate, paths: Option<&[&str]>| {
        let update_mask =
            paths.map(|paths| FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() });
        let request =
            proto::UpdateReminderRequest { reminder_id: reminder_id(), reminder: Some(new), update_mask };
        diary.update_reminder(request).await.unwrap().reminder.unwrap()
    };
    let weekend = vec![proto::Day::Saturday.into(), proto::Day::Sunday.into()];
    let new = proto::ReminderUpdate {
        time_of_day: Some("07:15".to_owned()),
        days_of_week: weekend.clone(),
        skip_dates: vec!["2026-11-21".to_owned()],
        ..Default::default()
    };
    let changed = update(new, None).await;
    assert_eq!((changed.time_of_day.as_str(), &changed.days_of_week), ("07:15", &weekend));
    assert_eq!(moment(changed.next_due_time), utc("2026-11-22T07:15:00Z"));
    let cleared = update(proto::ReminderUpdate::default(), Some(&["skip_dates", "days_of_week"])).await;
    assert_eq!(moment(cleared.next_due_time), utc("2026-11-21T07:15:00Z"));
    let off = update(proto::ReminderUpdate { enabled: Some(false), ..Default::default() }, None).await;
    assert_eq!((off.enabled, off.next_due_time), (false, None));
    let on = update(proto::ReminderUpdate { enabled: Some(true), ..Default::default() }, None).await;
    assert_eq!(moment(on.next_due_time), utc("2026-11-21T07:15:00Z"));

    let other = Diary::open(&service, "UTC").await;
    let get = || proto::GetReminderRequest { reminder_id: reminder_id() };
    let delete = || proto::DeleteReminderRequest { reminder_id: reminder_id() };
    let change = || proto::UpdateReminderRequest {
        reminder_id: reminder_id(),
        reminder: Some(proto::ReminderUpdate::default()),
        update_mask: None,
    };
    assert_refused("NOT_FOUND", other.get_reminder(get()).await);
    assert_refused("NOT_FOUND", other.update_reminder(change()).await);
    assert_refused("NOT_FOUND", other.delete_reminder(delete()).await);
    diary.delete_reminder(delete()).await.unwrap();
    assert_refused("NOT_FOUND", diary.get_reminder(get()).await);
    assert_refused("NOT_FOUND", diary.delete_reminder(delete()).await);
    service.stop().await;
}

#[tokio::test]
async fn the_week_is_summed_up_once_on_monday_morning() {
    let clock = clock("2026-11-18T12:00:00Z");
    let one = Service::start_at(fresh_database("workout").await, clock.clone()).await;
    let two = Service::start_at(one.database_url.clone(), clock.clone()).await;
    let trainer = one.trainer("Tom").await;
    let athlete = Diary::open(&one, "Europe/Berlin").await;
    let idle = Diary::open(&one, "Europe/Berlin").await;
    one.follow(&athlete.person, &trainer).await;
    let exercise = crate::diary::exercises(&one, 1).await.remove(0);
    athlete.train(&exercise, 5, 100.0).await;
    clock.advance(TimeDelta::hours(1));
    athlete.train(&exercise, 5, 110.0).await;
    one.routine(&athlete.person, "Strength").await;

    set_clock(&clock, "2026-11-23T06:59:59Z");
    settled(&one).await;
    assert!(one.events::<proto::WeeklySummaryDue>().await.is_empty());
    set_clock(&clock, "2026-11-23T07:00:00Z");
    settled(&one).await;
    let mut summaries: Vec<proto::WeeklySummaryDue> = one.events().await;
    summaries.sort_by_key(|summary| summary.workout_count);
    let [digest, own] = summaries.as_slice() else {
        panic!("two people have something to read: {summaries:?}")
    };
    assert_eq!((&own.user_id, own.week_start.as_str()), (&athlete.person.id(), "2026-11-16"));
    assert_eq!((own.workout_count, own.set_count, own.volume_kg, own.record_count), (2, 2, 1050.0, 1));
    assert!(own.athletes.is_empty());
    assert_eq!((&digest.user_id, digest.workout_count), (&trainer.id(), 0));
    assert_eq!(digest.athletes.len(), 1);
    let activity = &digest.athletes[0];
    assert_eq!(activity.display_name, "Anna");
    assert_eq!((activity.workout_count, activity.routine_change_count), (2, 1));

    // Whoever moves west has Monday morning twice, and reads of the week once.
    let moved = user::UserProfileUpdated {
        user_id: athlete.person.id(),
        email: "somebody@example.org".to_owned(),
        display_name: "Anna".to_owned(),
        locale: "en".to_owned(),
        time_zone: "America/New_York".to_owned(),
        update_time: Some(timestamp(clock.now())),
    };
    one.take(&moved).await;
    set_clock(&clock, "2026-11-23T13:00:00Z");
    settled(&one).await;
    // In the week after nobody did anything.
    set_clock(&clock, "2026-11-30T13:00:00Z");
    settled(&one).await;
    assert_eq!(one.events::<proto::WeeklySummaryDue>().await.len(), 2);
    drop(idle);
    two.stop_keeping_database().await;
    one.stop().await;
}
