//! What administrators see and do, and that nobody else does.

use chrono::{TimeDelta, Utc};
use embedded::mailbox::{Command, Fault};
use fitness_proto::fitness::notify::v1::{
    CancelNotificationRequest, GetDeadLetterRequest, ListDeadLettersRequest, NotificationPreferences,
    NotificationState, PreviewFormat, PreviewTemplateRequest, RecoverNotificationsRequest,
    ReplayDeadLetterRequest, ReplayDeadLettersRequest, ResendNotificationRequest, SearchNotificationsRequest,
    SearchNotificationsResponse,
};
use fitness_proto::fitness::user::v1::Role;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::people_events::{achievement, deleted, roles_changed};
use crate::preferences::update;
use crate::service::{Service, of, of_admin, reason, with_roles};
use crate::stage::{LIMIT, Person, eventually, timestamp, verified};

async fn search_as(
    service: &Service,
    user_id: Uuid,
    roles: &[&str],
) -> Result<SearchNotificationsResponse, Status> {
    let request = with_roles(user_id, roles, SearchNotificationsRequest::default());
    Ok(service.admins.clone().search_notifications(request).await?.into_inner())
}

async fn the_only_id(service: &Service, person: &Person) -> String {
    let user_id = person.user_id.to_string();
    let request = of_admin(SearchNotificationsRequest { user_id, ..SearchNotificationsRequest::default() });
    let found = service.admins.clone().search_notifications(request).await.unwrap().into_inner();
    assert_eq!(found.notifications.len(), 1);
    found.notifications[0].notification_id.clone()
}

async fn resend(service: &Service, id: &str) -> Result<NotificationState, Status> {
    let request = of_admin(ResendNotificationRequest { notification_id: id.to_owned() });
    Ok(service.admins.clone().resend_notification(request).await?.into_inner().notification.unwrap().state())
}

async fn cancel(service: &Service, id: &str) -> Result<NotificationState, Status> {
    let request = of_admin(CancelNotificationRequest { notification_id: id.to_owned() });
    Ok(service.admins.clone().cancel_notification(request).await?.into_inner().notification.unwrap().state())
}

fn wrong_state(result: Result<NotificationState, Status>) {
    let status = result.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "WRONG_STATE"));
    assert!(status.message().contains(": "), "it says why: {}", status.message());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_role_counts_more_than_what_the_token_says() {
    let service = Service::start().await;
    let stage = &service.stage;
    let user_id = stage.person("en").await.user_id;
    let denied = |result: Result<SearchNotificationsResponse, Status>| {
        let status = result.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
    };
    denied(search_as(&service, user_id, &["athlete"]).await);
    search_as(&service, user_id, &["athlete", "admin"]).await.unwrap();

    let now = Utc::now();
    stage.take_all(&[roles_changed(user_id, &[Role::Athlete, Role::Admin], now)]).await;
    search_as(&service, user_id, &["athlete"]).await.unwrap();
    let later = now + TimeDelta::seconds(1);
    stage.take_all(&[roles_changed(user_id, &[Role::Athlete], later)]).await;
    denied(search_as(&service, user_id, &["athlete", "admin"]).await);
    // An older change that comes late changes nothing.
    stage.take_all(&[roles_changed(user_id, &[Role::Admin], now)]).await;
    denied(search_as(&service, user_id, &["admin"]).await);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_somebody_who_is_gone_is_refused() {
    let service = Service::start().await;
    let person = service.stage.person("en").await;
    service.stage.take_all(&[deleted(&person)]).await;
    let status = search_as(&service, person.user_id, &["admin"]).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
    let off = NotificationPreferences::default();
    let status = update(&service, &person, &["reminders"], off).await.unwrap_err();
    assert_eq!(reason(&status), "TOKEN_INVALID");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_an_administrator_needs_the_role() {
    let service = Service::start().await;
    let person = service.stage.person("en").await;
    let admins = || service.admins.clone();
    let statuses = [
        admins().search_notifications(of(&person, SearchNotificationsRequest::default())).await.err(),
        admins().resend_notification(of(&person, ResendNotificationRequest::default())).await.err(),
        admins().cancel_notification(of(&person, CancelNotificationRequest::default())).await.err(),
        admins().recover_notifications(of(&person, RecoverNotificationsRequest::default())).await.err(),
        admins().list_dead_letters(of(&person, ListDeadLettersRequest::default())).await.err(),
        admins().get_dead_letter(of(&person, GetDeadLetterRequest::default())).await.err(),
        admins().replay_dead_letter(of(&person, ReplayDeadLetterRequest::default())).await.err(),
        admins().replay_dead_letters(of(&person, ReplayDeadLettersRequest::default())).await.err(),
        admins().preview_template(of(&person, PreviewTemplateRequest::default())).await.err(),
    ];
    for status in statuses {
        assert_eq!(status.unwrap().code(), Code::PermissionDenied);
    }
    let status = admins().search_notifications(SearchNotificationsRequest::default()).await.unwrap_err();
    assert_eq!(reason(&status), "TOKEN_MISSING");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_found_by_state_template_and_account() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    let other = stage.person("en").await;
    stage.take_all(&[verified(&person), achievement(&person, "Ten workouts"), verified(&other)]).await;
    assert!(eventually(async || stage.count("state = 'sent'").await == 3).await);
    let count = async |request: SearchNotificationsRequest| {
        let found = service.admins.clone().search_notifications(of_admin(request)).await.unwrap();
        found.into_inner().notifications.len()
    };
    let all = SearchNotificationsRequest::default;
    assert_eq!(count(all()).await, 3);
    assert_eq!(count(SearchNotificationsRequest { template: "welcome".to_owned(), ..all() }).await, 2);
    let user_id = person.user_id.to_string();
    assert_eq!(count(SearchNotificationsRequest { user_id, ..all() }).await, 2);
    let standing = |state: NotificationState| SearchNotificationsRequest { state: state.into(), ..all() };
    assert_eq!(count(standing(NotificationState::Sent)).await, 3);
    assert_eq!(count(standing(NotificationState::Failed)).await, 0);
    let first = SearchNotificationsRequest { page_size: 2, ..all() };
    let page = service.admins.clone().search_notifications(of_admin(first)).await.unwrap().into_inner();
    assert_eq!(page.notifications.len(), 2);
    let page_token = page.next_page_token;
    assert_eq!(count(SearchNotificationsRequest { page_size: 2, page_token, ..all() }).await, 1);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_failed_is_sent_again_with_the_same_message_id() {
    let service = Service::start().await;
    let (stage, person) = (&service.stage, service.stage.person("en").await);
    stage.mailbox.inject(Fault::Reply { at: Command::RcptTo, code: 550, text: "no".to_owned() }, 1);
    stage.take_all(&[verified(&person)]).await;
    stage.wait_for_state(&person, "failed").await;
    let id = the_only_id(&service, &person).await;
    assert_eq!(resend(&service, &id).await.unwrap(), NotificationState::Pending);
    stage.wait_for_state(&person, "sent").await;
    assert_eq!(stage.standing(&person).await, ("sent".to_owned(), 1));
    assert_eq!(stage.timeline(&person).await, ["pending", "sending", "failed", "pending", "sending", "sent"]);
    // Once more, although it was sent: the same mail byte by byte.
    resend(&service, &id).await.unwrap();
    let mails = stage.mailbox.wait_for(&person.email, 2, LIMIT).await;
    assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_or_must_not_be_sent_again_is_refused() {
    let service = Service::start().await;
    let stage = &service.stage;
    let (coded, late, unwilling) =
        (stage.person("en").await, stage.person("en").await, stage.person("en").await);
    stage.take_all(&[stage.code(&coded, "042137", TimeDelta::minutes(15))]).await;
    stage.wait_for_state(&coded, "sent").await;
    wrong_state(resend(&service, &the_only_id(&service, &coded).await).await);

    stage.take_all(&[achievement(&late, "Ten workouts")]).await;
    stage.wait_for_state(&late, "sent").await;
    sqlx::query("UPDATE notifications SET deliver_before = now() WHERE user_id = $1")
        .bind(late.user_id)
        .execute(&stage.pool)
        .await
        .unwrap();
    wrong_state(resend(&service, &the_only_id(&service, &late).await).await);

    update(&service, &unwilling, &["achievements"], NotificationPreferences::default()).await.unwrap();
    stage.take_all(&[achievement(&unwilling, "Ten workouts")]).await;
    stage.wait_for_state(&unwilling, "skipped").await;
    wrong_state(resend(&service, &the_only_id(&service, &unwilling).await).await);
    assert_eq!(stage.mailbox.messages().len(), 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_waits_is_stopped_or_hurried_and_a_final_one_is_not_stopped() {
    let service = Service::start().await;
    let stage = &service.stage;
    let (stopped, hurried) = (stage.person("en").await, stage.person("en").await);
    stage.mailbox.inject(Fault::Reply { at: Command::RcptTo, code: 450, text: "later".to_owned() }, 2);
    stage.take_all(&[verified(&stopped), verified(&hurried)]).await;
    stage.wait_for_state(&stopped, "deferred").await;
    stage.wait_for_state(&hurried, "deferred").await;
    let id = the_only_id(&service, &stopped).await;
    assert_eq!(cancel(&service, &id).await.unwrap(), NotificationState::Cancelled);
    wrong_state(cancel(&service, &id).await);
    sqlx::query("UPDATE notifications SET next_attempt_at = now() + interval '1 day' WHERE user_id = $1")
        .bind(hurried.user_id)
        .execute(&stage.pool)
        .await
        .unwrap();
    resend(&service, &the_only_id(&service, &hurried).await).await.unwrap();
    stage.wait_for_state(&hurried, "sent").await;
    assert_eq!(stage.standing(&hurried).await.1, 2);
    assert_eq!(stage.mailbox.messages().len(), 1);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_everything_that_can_be_is_sent_again_at_once() {
    let service = Service::start().await;
    let stage = &service.stage;
    let people = stage.people(4, "en").await;
    let start = Utc::now();
    stage.mailbox.inject(Fault::Reply { at: Command::RcptTo, code: 550, text: "no".to_owned() }, 4);
    stage
        .take_all(&[
            verified(&people[0]),
            achievement(&people[1], "Ten workouts"),
            achievement(&people[2], "Ten workouts"),
            stage.code(&people[3], "042137", TimeDelta::minutes(15)),
        ])
        .await;
    assert!(eventually(async || stage.count("state = 'failed'").await == 4).await);
    update(&service, &people[2], &["achievements"], NotificationPreferences::default()).await.unwrap();
    let recover = async |request: RecoverNotificationsRequest| {
        service.admins.clone().recover_notifications(of_admin(request)).await.unwrap().into_inner().recovered
    };
    let since = RecoverNotificationsRequest {
        start_time: Some(timestamp(start)),
        ..RecoverNotificationsRequest::default()
    };
    let before = RecoverNotificationsRequest {
        start_time: Some(timestamp(start - TimeDelta::hours(1))),
        end_time: Some(timestamp(start)),
        ..RecoverNotificationsRequest::default()
    };
    assert_eq!(recover(before).await, 0);
    let in_doubt = NotificationState::InDoubt.into();
    assert_eq!(recover(RecoverNotificationsRequest { state: in_doubt, ..since.clone() }).await, 0);
    let template = "achievement".to_owned();
    assert_eq!(recover(RecoverNotificationsRequest { template, ..since.clone() }).await, 1);
    assert_eq!(recover(since.clone()).await, 1);
    stage.wait_for_state(&people[0], "sent").await;
    stage.wait_for_state(&people[1], "sent").await;
    assert_eq!(recover(since).await, 0);
    assert_eq!(stage.count("state = 'failed'").await, 2);
    assert_eq!(stage.mailbox.messages().len(), 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_can_be_looked_at_in_every_language_and_form() {
    let service = Service::start().await;
    let preview = async |name: &str, locale: &str, format: PreviewFormat| {
        let request = of_admin(PreviewTemplateRequest {
            name: name.to_owned(),
            locale: locale.to_owned(),
            format: format.into(),
        });
        let body = service.admins.clone().preview_template(request).await?.into_inner();
        Ok::<_, Status>((body.content_type, String::from_utf8(body.data).unwrap()))
    };
    let (content_type, html) = preview("weekly_summary", "", PreviewFormat::Unspecified).await.unwrap();
    assert_eq!(content_type, "text/html; charset=utf-8");
    assert!(html.contains("<html lang=\"en\">") && html.contains("Your week"));
    let (content_type, text) = preview("weekly_summary", "ru-RU", PreviewFormat::Text).await.unwrap();
    assert_eq!(content_type, "text/plain; charset=utf-8");
    assert!(text.starts_with("Ваша неделя: ") && !text.contains('<'));
    let status = preview("newsletter", "en", PreviewFormat::Html).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    service.stop().await;
}
