//! What became of a mail, and why: told to its recipient.

use chrono::TimeDelta;
use embedded::mailbox::{Command, Fault};
use fitness_proto::fitness::notify::v1::{
    GetNotificationRequest, ListNotificationsRequest, ListNotificationsResponse, Notification,
    NotificationCategory, NotificationState,
};
use sqlx::PgPool;
use tonic::{Code, Status};

use crate::people_events::achievement;
use crate::service::{Service, of, reason};
use crate::stage::{Person, eventually, verified};

async fn list(service: &Service, person: &Person, size: i32, token: &str) -> ListNotificationsResponse {
    let request = ListNotificationsRequest { page_size: size, page_token: token.to_owned() };
    service.people.clone().list_notifications(of(person, request)).await.unwrap().into_inner()
}

async fn get(service: &Service, person: &Person, id: &str) -> Result<Notification, Status> {
    let request = of(person, GetNotificationRequest { notification_id: id.to_owned() });
    Ok(service.people.clone().get_notification(request).await?.into_inner().notification.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_tells_its_story_from_the_event_to_the_reply_of_the_relay() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("ru").await);
    let text = format!("4.2.1 <{}> is busy", person.email);
    stage.mailbox.inject(Fault::Reply { at: Command::RcptTo, code: 451, text }, 1);
    let event = verified(&person);
    stage.take_all(std::slice::from_ref(&event)).await;
    stage.wait_for_state(&person, "deferred").await;
    stage.make_due().await;
    stage.wait_for_state(&person, "sent").await;

    let listed = list(&service, &person, 0, "").await.notifications;
    assert_eq!(listed.len(), 1);
    assert!(listed[0].timeline.is_empty() && listed[0].origin.is_none());
    let story = get(&service, &person, &listed[0].notification_id).await.unwrap();
    assert_eq!((story.state(), story.attempts), (NotificationState::Sent, 2));
    assert_eq!((story.category(), story.template.as_str()), (NotificationCategory::Account, "welcome"));
    assert_eq!(story.next_attempt_time, None);
    let origin = story.origin.clone().unwrap();
    assert_eq!(origin.event_id, event.id.to_string());
    assert_eq!(origin.event_type, "fitness.user.v1.EmailVerified");
    assert_eq!(
        (origin.topic.as_str(), origin.partition, origin.offset),
        ("fitness.user.events", Some(2), Some(40))
    );
    assert_eq!(origin.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    let states: Vec<_> = story.timeline.iter().map(|entry| (entry.state(), entry.attempt)).collect();
    assert_eq!(
        states,
        [
            (NotificationState::Pending, 0),
            (NotificationState::Sending, 1),
            (NotificationState::Deferred, 1),
            (NotificationState::Sending, 2),
            (NotificationState::Sent, 2),
        ]
    );
    let deferred = &story.timeline[2];
    assert_eq!((deferred.reply_code, deferred.reply_text.as_str()), (451, "4.2.1 <address> is busy"));
    assert_eq!(story.timeline[4].reply_code, 250);
    assert!(!format!("{story:?}").contains(&person.email));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_pages_newest_first_and_holds_only_the_callers_own() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    let other = stage.person("en").await;
    stage.take_all(&[achievement(&other, "Not yours")]).await;
    for number in 0..7 {
        stage.take_all(&[achievement(&person, &format!("Number {number}"))]).await;
    }
    let (mut ids, mut token) = (Vec::new(), String::new());
    loop {
        let page = list(&service, &person, 3, &token).await;
        assert!(page.notifications.len() <= 3);
        assert!(page.notifications.iter().all(|one| one.user_id == person.user_id.to_string()));
        ids.extend(page.notifications.into_iter().map(|one| one.notification_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let newest_first: Vec<String> = sqlx::query_scalar(
        "SELECT notification_id::TEXT FROM notifications WHERE user_id = $1 ORDER BY create_time DESC",
    )
    .bind(person.user_id)
    .fetch_all(&stage.pool)
    .await
    .unwrap();
    assert_eq!(ids, newest_first);
    assert_eq!(ids.len(), 7);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notification_of_somebody_else_is_as_unknown_as_one_that_is_not_there() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    let other = stage.person("en").await;
    stage.take_all(&[stage.code(&other, "042137", TimeDelta::minutes(15))]).await;
    let foreign = list(&service, &other, 0, "").await.notifications.remove(0).notification_id;
    let foreign = get(&service, &person, &foreign).await.unwrap_err();
    let missing = get(&service, &person, "0191d9a8-7b54-7c9e-8f00-000000000001").await.unwrap_err();
    for status in [&foreign, &missing] {
        assert_eq!((status.code(), reason(status).as_str()), (Code::NotFound, "NOT_FOUND"));
    }
    assert_eq!(foreign.details(), missing.details());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_service_says_when_to_come_back() {
    let service = Service::start().await;
    let person = service.stage.person("en").await;
    // No connection is let in any more, and those that are there are cut.
    let options = service.stage.pool.connect_options();
    let name = options.get_database().unwrap().to_owned();
    let server = PgPool::connect_with(options.as_ref().clone().database("postgres")).await.unwrap();
    let lock = format!("ALTER DATABASE \"{name}\" WITH ALLOW_CONNECTIONS false");
    sqlx::query(sqlx::AssertSqlSafe(lock)).execute(&server).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
        .bind(&name)
        .execute(&server)
        .await
        .unwrap();
    let refused = async || {
        let request = of(&person, ListNotificationsRequest::default());
        let answer = service.people.clone().list_notifications(request).await;
        answer.is_err_and(|status| status.code() == Code::Unavailable)
    };
    assert!(eventually(refused).await);
    let unlock = format!("ALTER DATABASE \"{name}\" WITH ALLOW_CONNECTIONS true");
    sqlx::query(sqlx::AssertSqlSafe(unlock)).execute(&server).await.unwrap();
    let back = async || {
        let request = of(&person, ListNotificationsRequest::default());
        service.people.clone().list_notifications(request).await.is_ok()
    };
    assert!(eventually(back).await);
    server.close().await;
    service.stop().await;
}
