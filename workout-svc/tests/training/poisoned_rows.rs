//! A row that the database refuses fails alone, whatever comes by the clock.

use std::time::Duration;

use chassis::time::{Clock as _, ManualClock};
use chrono::TimeDelta;
use embedded::postgres::fresh_database;
use eventbus::Event;
use fitness_proto::fitness::workout::v1 as proto;

use crate::diary::{Diary, daily, exercises};
use crate::fixture::{Service, within};

async fn until_there_are<E: Event + Default>(service: &Service, count: usize) -> Vec<E> {
    within("the good ones to be announced", async {
        loop {
            let events: Vec<E> = service.events().await;
            if events.len() >= count {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_reminder_that_cannot_be_written_holds_no_other_up_and_has_its_turn_again_later() {
    let clock = ManualClock::new("2026-11-20T12:00:00Z".parse().unwrap());
    let service = Service::start_at(fresh_database("workout").await, clock.clone()).await;
    sqlx::raw_sql(
        "CREATE FUNCTION poison() RETURNS TRIGGER LANGUAGE plpgsql AS $$
         BEGIN
             RAISE EXCEPTION 'no' USING ERRCODE = 'data_exception';
         END $$;
         CREATE TRIGGER poison BEFORE UPDATE ON reminders
         FOR EACH ROW WHEN (OLD.message = 'poison') EXECUTE FUNCTION poison()",
    )
    .execute(&service.pool)
    .await
    .unwrap();
    // More than a batch, and bad ones at both ends of it.
    let mut good = 0;
    for athlete in 0..4 {
        let diary = Diary::open(&service, "UTC").await;
        for number in 0..30 {
            let is_bad = (athlete + number) % 29 == 0;
            let message = if is_bad { "poison" } else { "Time to train" }.to_owned();
            diary.remind(proto::CreateReminderRequest { message, ..daily("18:30") }).await;
            good += usize::from(!is_bad);
        }
    }
    for day in 1..=2 {
        clock.advance(clock.now().date_naive().and_hms_opt(18, 30, 0).unwrap().and_utc() - clock.now());
        let events: Vec<proto::WorkoutReminderDue> = until_there_are(&service, good * day).await;
        assert_eq!(events.len(), good * day);
        assert!(events.iter().all(|event| event.message != "poison"));
        clock.advance(TimeDelta::hours(12));
    }
    // Whoever mends the row gets on with it.
    sqlx::raw_sql("DROP TRIGGER poison ON reminders").execute(&service.pool).await.unwrap();
    clock.advance(TimeDelta::hours(2));
    within("the mended rows to be done", async {
        let due = "SELECT count(*) FROM reminders WHERE message = 'poison' AND next_due_time < '2026-11-22'";
        while service.count(due).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn a_week_that_cannot_be_summed_up_holds_no_other_up() {
    let clock = ManualClock::new("2026-11-18T12:00:00Z".parse().unwrap());
    let service = Service::start_at(fresh_database("workout").await, clock.clone()).await;
    let exercise = exercises(&service, 1).await.remove(0);
    let mut bad = Vec::new();
    for number in 0..5 {
        let diary = Diary::open(&service, "UTC").await;
        diary.train(&exercise, 5, 100.0).await;
        clock.advance(TimeDelta::minutes(5));
        diary.train(&exercise, 5, 100.0).await;
        clock.advance(TimeDelta::minutes(5));
        if number % 2 == 0 {
            bad.push(diary.person.user_id);
        }
    }
    // Together they are more than the sum can hold.
    sqlx::query("UPDATE exercise_results SET volume_g = 9223372036854775807 WHERE user_id = ANY($1)")
        .bind(&bad)
        .execute(&service.pool)
        .await
        .unwrap();
    clock.advance("2026-11-23T08:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() - clock.now());
    let summaries: Vec<proto::WeeklySummaryDue> = until_there_are(&service, 2).await;
    assert_eq!(summaries.len(), 2);
    assert!(summaries.iter().all(|summary| !bad.iter().any(|id| id.to_string() == summary.user_id)));
    // A day and a week later the same others have their turn.
    clock.advance(TimeDelta::days(7));
    within("the next Monday to be noted", async {
        let noted = "SELECT count(*) FROM weekly_summaries WHERE last_week_start = '2026-11-23'";
        while service.count(noted).await < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn no_table_refuses_that_a_row_is_deleted() {
    let service = Service::start().await;
    let refusing = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confdeltype NOT IN ('c', 'n')";
    assert_eq!(service.count(refusing).await, 0);
    assert!(service.count("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").await > 10);
    service.stop().await;
}
