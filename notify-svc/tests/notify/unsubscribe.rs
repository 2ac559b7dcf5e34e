//! The link in a mail switches its kind off, without signing in.

use chrono::TimeDelta;
use fitness_proto::fitness::notify::v1::{NotificationCategory, UnsubscribeRequest};
use notify_svc::notification::Category;
use notify_svc::unsubscribe_token::Unsubscription;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::people_events::{achievement, deleted, reminder};
use crate::service::{Service, fields, reason};
use crate::stage::LIMIT;

async fn unsubscribe(service: &Service, token: &str) -> Result<NotificationCategory, Status> {
    let request = UnsubscribeRequest { token: token.to_owned() };
    Ok(service.people.clone().unsubscribe(request).await?.into_inner().category())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_mail_ends_its_kind_and_no_other() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    stage.take_all(&[reminder(&person, TimeDelta::hours(1))]).await;
    let mail = stage.mailbox.wait_for(&person.email, 1, LIMIT).await.remove(0);
    let link = mail.header("List-Unsubscribe").remove(0);
    let token = link.split_once("token=").unwrap().1.trim_end_matches('>');
    // As often as somebody likes.
    for _ in 0..2 {
        assert_eq!(unsubscribe(&service, token).await.unwrap(), NotificationCategory::Reminders);
    }
    stage.take_all(&[reminder(&person, TimeDelta::hours(1)), achievement(&person, "Ten workouts")]).await;
    let mails = stage.mailbox.wait_for(&person.email, 2, LIMIT).await;
    assert_eq!(mails[1].subject(), "You did it: Ten workouts");
    assert!(crate::stage::eventually(async || stage.count("state = 'skipped'").await == 1).await);
    assert_eq!(stage.mailbox.messages().len(), 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_ours_is_refused_by_field() {
    let service = Service::start().await;
    let stage = &service.stage;
    let reminders = Unsubscription { user_id: Uuid::now_v7(), category: Category::Reminders };
    let mut forged = reminders.token(&stage.keys);
    forged.replace_range(3..4, if &forged[3..4] == "A" { "B" } else { "A" });
    let mandatory = Unsubscription { category: Category::Security, ..reminders }.token(&stage.keys);
    for token in ["", "x", "not a token", &forged, &mandatory, &"A".repeat(513)] {
        let status = unsubscribe(&service, token).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
        assert_eq!(fields(&status), ["token"], "{token}");
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_somebody_who_is_gone_does_nothing_and_says_nothing_of_it() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    stage.take_all(&[deleted(&person)]).await;
    let reminders = Unsubscription { user_id: person.user_id, category: Category::Reminders };
    let answer = unsubscribe(&service, &reminders.token(&stage.keys)).await.unwrap();
    assert_eq!(answer, NotificationCategory::Reminders);
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM preferences").fetch_one(&stage.pool).await.unwrap();
    assert_eq!(rows, 0);
    service.stop().await;
}
