//! Brokers forget and outboxes repeat: an event of any age is mailed once at most.

use chrono::{TimeDelta, Utc};
use eventbus::Envelope;
use notify_svc::ledger::retention;
use sqlx::PgPool;

use crate::people_events::{
    achievement, achievement_at, password_changed, reminder, reset_requested, routine_assigned, signed_in,
    week_over,
};
use crate::stage::{RETENTION, Stage, eventually, registered, repeated, verified};

/// Makes everything in the ledger older.
async fn age(pool: &PgPool, days: i32) {
    sqlx::query(
        "UPDATE notifications
         SET create_time = create_time - make_interval(days => $1),
             update_time = update_time - make_interval(days => $1),
             event_time = event_time - make_interval(days => $1)",
    )
    .bind(days)
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_events_of_a_life_come_again_and_nothing_is_mailed_twice() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(3));
    let person = stage.person("en").await;
    let life: Vec<Envelope> = vec![
        registered(&person, "en"),
        stage.code(&person, "111111", TimeDelta::minutes(15)),
        verified(&person),
        repeated(&person),
        signed_in(&person, "Firefox on Linux", true),
        reset_requested(&stage, &person, "token"),
        password_changed(&person),
        reminder(&person, TimeDelta::hours(1)),
        achievement(&person, "Ten workouts"),
        routine_assigned(&person),
        week_over(&person),
    ];
    stage.take_all(&life).await;
    assert!(eventually(async || stage.count("state = 'sent'").await == 10).await);
    for _ in 0..2 {
        stage.take_all(&life).await;
        for event in &life {
            stage.take_all(std::slice::from_ref(event)).await;
        }
    }
    assert_eq!(stage.count("TRUE").await, 10);
    assert_eq!(stage.count("state = 'sent'").await, 10);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 10);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_old_to_remember_makes_no_mail() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    let too_old = Utc::now() - RETENTION - TimeDelta::minutes(1);
    let event = verified(&person);
    let old = Envelope { time: too_old, ..event.clone() };
    let young = Envelope { time: too_old + TimeDelta::hours(1), ..event };
    stage.take_all(&[old]).await;
    assert_eq!(stage.count("TRUE").await, 0);
    stage.take_all(&[young]).await;
    assert_eq!(stage.count("TRUE").await, 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_outlive_the_time_in_which_their_events_count() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(1));
    let person = stage.person("en").await;
    let mut event = verified(&person);
    stage.take_all(std::slice::from_ref(&event)).await;
    stage.wait_for_state(&person, "sent").await;
    workers.stop().await;
    // Identifiers tell the age too; this one is made as old as the row will be.
    sqlx::query("UPDATE notifications SET notification_id = '00000000-0000-7000-8000-000000000000'")
        .execute(&stage.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE notification_timeline SET notification_id = '00000000-0000-7000-8000-000000000000'")
        .execute(&stage.pool)
        .await
        .unwrap();
    let days = RETENTION.as_secs() / (24 * 3600);
    age(&stage.pool, days as i32).await;
    assert_eq!(retention::prune(&stage.pool, RETENTION).await.unwrap(), 0);
    age(&stage.pool, 2).await;
    assert_eq!(retention::prune(&stage.pool, RETENTION).await.unwrap(), 1);
    let timeline: i64 = sqlx::query_scalar("SELECT count(*) FROM notification_timeline")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!((stage.count("TRUE").await, timeline), (0, 0));
    event.time -= TimeDelta::days(days as i64 + 2);
    stage.take_all(&[event]).await;
    assert_eq!(stage.count("TRUE").await, 0);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_or_young_is_never_deleted() {
    let stage = Stage::new().await;
    let person = stage.person("en").await;
    stage.take_all(&[verified(&person), achievement(&person, "Ten workouts")]).await;
    sqlx::query(
        "UPDATE notifications SET state = 'sent', next_attempt_at = NULL WHERE template = 'achievement'",
    )
    .execute(&stage.pool)
    .await
    .unwrap();
    assert_eq!(retention::prune(&stage.pool, RETENTION).await.unwrap(), 0);
    assert_eq!(stage.count("TRUE").await, 2);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_use_when_it_comes_expires_unsent() {
    let stage = Stage::new().await;
    let workers = stage.start(stage.config(1));
    let (coded, proud) = (stage.person("en").await, stage.person("en").await);
    let yesterday = Utc::now() - TimeDelta::days(1);
    stage.take_all(&[stage.code_at(&coded, "042137", yesterday, TimeDelta::minutes(15))]).await;
    stage.take_all(&[achievement_at(&proud, "Ten workouts", Utc::now() - TimeDelta::days(4))]).await;
    stage.wait_for_state(&coded, "expired").await;
    stage.wait_for_state(&proud, "expired").await;
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 0);
    assert_eq!(stage.count("secrets IS NOT NULL").await, 0);
    stage.finish().await;
}
