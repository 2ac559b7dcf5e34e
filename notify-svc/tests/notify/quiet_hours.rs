//! Mail that can wait waits for the end of the recipient's quiet hours.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use fitness_proto::fitness::notify::v1::{NotificationPreferences, QuietHours};

use crate::people_events::{achievement, reminder};
use crate::preferences::update;
use crate::service::Service;
use crate::stage::{LIMIT, Person, eventually, verified};

/// Makes it quiet for somebody in Moscow, from an hour ago until `more` from now. Answers when it ends.
async fn hush(service: &Service, person: &Person, more: TimeDelta) -> DateTime<Utc> {
    let wall = |time: DateTime<Utc>| time.with_timezone(&Tz::Europe__Moscow).format("%H:%M").to_string();
    let end = Utc::now() + more;
    let hours = QuietHours { enabled: true, start: wall(Utc::now() - TimeDelta::hours(1)), end: wall(end) };
    let change = NotificationPreferences { quiet_hours: Some(hours), ..NotificationPreferences::default() };
    update(service, person, &["quiet_hours"], change).await.unwrap();
    end - TimeDelta::seconds(end.timestamp() % 60)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_moved_to_the_end_of_the_quiet_and_the_timeline_says_so() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    let end = hush(&service, &person, TimeDelta::hours(3)).await;
    stage.take_all(&[achievement(&person, "Ten workouts")]).await;
    assert!(eventually(async || stage.timeline(&person).await.len() == 2).await);
    assert_eq!(stage.timeline(&person).await, ["pending", "pending"]);
    let (due, detail): (DateTime<Utc>, String) = sqlx::query_as(
        "SELECT next_attempt_at, detail
         FROM notifications
         JOIN notification_timeline USING (notification_id)
         WHERE detail IS NOT NULL",
    )
    .fetch_one(&stage.pool)
    .await
    .unwrap();
    assert_eq!(due.timestamp(), end.timestamp());
    let wall = end.with_timezone(&Tz::Europe__Moscow).format("%H:%M");
    assert_eq!(detail, format!("waits for the end of the recipient's quiet hours at {wall}"));

    // What cannot be switched off does not wait.
    stage.take_all(&[verified(&person)]).await;
    let mails = stage.mailbox.wait_for(&person.email, 1, LIMIT).await;
    assert_eq!(mails[0].subject(), "Welcome to Fitness Trainer");

    // The quiet is over earlier than thought: what was moved goes out when it is due again.
    let loud = NotificationPreferences::default();
    update(&service, &person, &["quiet_hours.enabled"], loud).await.unwrap();
    stage.make_due().await;
    assert_eq!(stage.mailbox.wait_for(&person.email, 2, LIMIT).await.len(), 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_no_use_after_the_quiet_is_skipped() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    hush(&service, &person, TimeDelta::hours(3)).await;
    stage.take_all(&[reminder(&person, TimeDelta::hours(1))]).await;
    stage.wait_for_state(&person, "skipped").await;
    let detail: String =
        sqlx::query_scalar("SELECT detail FROM notification_timeline WHERE state = 'skipped'")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
    assert_eq!(detail, "it would be of no use any more after the recipient's quiet hours");
    assert_eq!(stage.mailbox.messages().len(), 0);
    service.stop().await;
}
