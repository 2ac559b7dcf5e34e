//! People choose which mails they get.

use chrono::TimeDelta;
use fitness_proto::fitness::notify::v1::{
    GetNotificationPreferencesRequest, NotificationPreferences, QuietHours,
    UpdateNotificationPreferencesRequest,
};
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::people_events::{achievement, reminder};
use crate::service::{Service, fields, of, reason};
use crate::stage::{LIMIT, Person, eventually, verified};

pub(crate) async fn update(
    service: &Service,
    person: &Person,
    paths: &[&str],
    preferences: NotificationPreferences,
) -> Result<NotificationPreferences, Status> {
    let update_mask = Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() });
    let request = UpdateNotificationPreferencesRequest { preferences: Some(preferences), update_mask };
    let answer = service.people.clone().update_notification_preferences(of(person, request)).await?;
    Ok(answer.into_inner().preferences.unwrap())
}

async fn get(service: &Service, person: &Person) -> NotificationPreferences {
    let request = of(person, GetNotificationPreferencesRequest {});
    let answer = service.people.clone().get_notification_preferences(request).await.unwrap();
    answer.into_inner().preferences.unwrap()
}

fn everything() -> NotificationPreferences {
    NotificationPreferences {
        one_time_code: true,
        security: true,
        account: true,
        reminders: true,
        achievements: true,
        coaching: true,
        summaries: true,
        quiet_hours: Some(QuietHours { enabled: false, start: "22:00".to_owned(), end: "07:00".to_owned() }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_on_until_it_is_switched_off_and_only_what_is_named_changes() {
    let service = Service::start().await;
    let (person, other) = (service.stage.person("en").await, service.stage.person("en").await);
    assert_eq!(get(&service, &person).await, everything());
    let off = NotificationPreferences::default();
    let after = update(&service, &person, &["reminders", "summaries"], off.clone()).await.unwrap();
    let expected = NotificationPreferences { reminders: false, summaries: false, ..everything() };
    assert_eq!(after, expected);
    assert_eq!(get(&service, &person).await, expected);
    let hours = QuietHours { enabled: true, start: "21:30".to_owned(), end: String::new() };
    let change = NotificationPreferences { quiet_hours: Some(hours), summaries: true, ..off };
    let paths = ["quiet_hours.enabled", "quiet_hours.start", "summaries"];
    let after = update(&service, &person, &paths, change).await.unwrap();
    let hours = QuietHours { enabled: true, start: "21:30".to_owned(), end: "07:00".to_owned() };
    let expected = NotificationPreferences { reminders: false, quiet_hours: Some(hours), ..everything() };
    assert_eq!(after, expected);
    let unchanged = update(&service, &person, &[], NotificationPreferences::default()).await.unwrap();
    assert_eq!(unchanged, expected);
    assert_eq!(get(&service, &other).await, everything());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mandatory_cannot_be_switched_off_and_nothing_else_of_the_request_happens() {
    let service = Service::start().await;
    let person = service.stage.person("en").await;
    let off = NotificationPreferences::default();
    for field in ["one_time_code", "security", "account"] {
        let status = update(&service, &person, &["reminders", field], off.clone()).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
        assert_eq!(fields(&status), [format!("preferences.{field}")]);
    }
    assert_eq!(get(&service, &person).await, everything());
    // Whoever sends back what they read means no harm.
    let paths = ["one_time_code", "security", "account", "reminders"];
    assert_eq!(update(&service, &person, &paths, everything()).await.unwrap(), everything());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_switched_off_is_skipped_and_the_timeline_says_why() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    update(&service, &person, &["achievements"], NotificationPreferences::default()).await.unwrap();
    stage.take_all(&[achievement(&person, "Ten workouts")]).await;
    stage.wait_for_state(&person, "skipped").await;
    assert_eq!(stage.timeline(&person).await, ["pending", "skipped"]);
    let detail: String =
        sqlx::query_scalar("SELECT detail FROM notification_timeline WHERE state = 'skipped'")
            .fetch_one(&stage.pool)
            .await
            .unwrap();
    assert_eq!(detail, "the recipient has switched this kind of mail off");
    stage.take_all(&[reminder(&person, TimeDelta::hours(1)), verified(&person)]).await;
    assert_eq!(stage.mailbox.wait_for(&person.email, 2, LIMIT).await.len(), 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_off_ends_what_still_waits() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    stage.mailbox.close_smtp().await;
    stage.take_all(&[achievement(&person, "Ten workouts"), reminder(&person, TimeDelta::hours(1))]).await;
    assert_eq!(stage.count("next_attempt_at IS NOT NULL").await, 2);
    // A mail that a worker is just trying to send comes back when the relay does not answer.
    let skipped = async || {
        update(&service, &person, &["achievements"], NotificationPreferences::default()).await.unwrap();
        stage.count("template = 'achievement' AND state = 'skipped'").await == 1
    };
    assert!(eventually(skipped).await);
    stage.mailbox.open_smtp().await.unwrap();
    let mails = stage.mailbox.wait_for(&person.email, 1, LIMIT).await;
    assert_eq!(mails[0].subject(), "Time to train: Upper body");
    assert!(eventually(async || stage.count("next_attempt_at IS NOT NULL").await == 0).await);
    assert_eq!(stage.mailbox.messages().len(), 1);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_do_not_undo_each_other() {
    let service = Service::start().await;
    let person = service.stage.person("en").await;
    let off = NotificationPreferences::default;
    let (one, two, three, four) = tokio::join!(
        update(&service, &person, &["reminders"], off()),
        update(&service, &person, &["achievements"], off()),
        update(&service, &person, &["coaching"], off()),
        update(&service, &person, &["summaries"], off()),
    );
    for result in [one, two, three, four] {
        result.unwrap();
    }
    let expected = NotificationPreferences {
        reminders: false,
        achievements: false,
        coaching: false,
        summaries: false,
        ..everything()
    };
    assert_eq!(get(&service, &person).await, expected);
    service.stop().await;
}
