//! Bad input of every call is refused by field.

use fitness_proto::fitness::notify::v1::{
    CancelNotificationRequest, GetDeadLetterRequest, GetNotificationRequest, ListDeadLettersRequest,
    ListNotificationsRequest, NotificationPreferences, PreviewTemplateRequest, QuietHours,
    RecoverNotificationsRequest, ReplayDeadLetterRequest, ReplayDeadLettersRequest,
    ResendNotificationRequest, SearchNotificationsRequest, UpdateNotificationPreferencesRequest,
};
use prost_types::{FieldMask, Timestamp};
use tonic::{Code, Response, Status};

use crate::service::{Service, fields, of, of_admin, reason};

const NOWHERE: &str = "0191d9a8-7b54-7c9e-8f00-000000000001";

fn refused<T: std::fmt::Debug>(result: Result<Response<T>, Status>, expected: &[&str]) {
    let status = result.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "INVALID_REQUEST"),
        "{status:?}"
    );
    assert_eq!(fields(&status), expected);
}

fn not_found<T: std::fmt::Debug>(result: Result<Response<T>, Status>) {
    assert_eq!(result.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_people() {
    let service = Service::start().await;
    let person = service.stage.person("en").await;
    let people = || service.people.clone();
    for (page_size, page_token, field) in
        [(-1, "", "page_size"), (0, "x", "page_token"), (0, NOWHERE, "page_token")]
    {
        let request = ListNotificationsRequest { page_size, page_token: page_token.to_owned() };
        refused(people().list_notifications(of(&person, request)).await, &[field]);
    }
    let request = ListNotificationsRequest { page_size: 0, page_token: "A".repeat(101) };
    refused(people().list_notifications(of(&person, request)).await, &["page_token"]);
    for notification_id in ["", "7", "' OR 1=1 --", &"0".repeat(500)] {
        let request = GetNotificationRequest { notification_id: notification_id.to_owned() };
        refused(people().get_notification(of(&person, request)).await, &["notification_id"]);
    }

    let mask = |path: &str| Some(FieldMask { paths: vec![path.to_owned()] });
    let hours = |start: &str, end: &str| {
        let quiet_hours = QuietHours { enabled: true, start: start.to_owned(), end: end.to_owned() };
        Some(NotificationPreferences { quiet_hours: Some(quiet_hours), ..NotificationPreferences::default() })
    };
    let nothing = || Some(NotificationPreferences::default());
    let cases = [
        (None, None, vec!["preferences", "update_mask"]),
        (nothing(), None, vec!["update_mask"]),
        (None, mask("reminders"), vec!["preferences"]),
        (nothing(), mask("newsletter"), vec!["update_mask"]),
        (nothing(), mask(""), vec!["update_mask"]),
        (nothing(), mask("quiet_hours.start"), vec!["preferences.quiet_hours.start"]),
        (
            hours("24:00", "7:00"),
            mask("quiet_hours"),
            vec!["preferences.quiet_hours.start", "preferences.quiet_hours.end"],
        ),
        (hours("22:00", "noon"), mask("quiet_hours"), vec!["preferences.quiet_hours.end"]),
        (hours("22:00", "22:00"), mask("quiet_hours"), vec!["preferences.quiet_hours.end"]),
    ];
    for (preferences, update_mask, expected) in cases {
        let request = UpdateNotificationPreferencesRequest { preferences, update_mask };
        refused(people().update_notification_preferences(of(&person, request)).await, &expected);
    }
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_administrators_about_notifications() {
    let service = Service::start().await;
    let admins = || service.admins.clone();
    let all = SearchNotificationsRequest::default;
    let cases = [
        (SearchNotificationsRequest { state: 99, ..all() }, "state"),
        (SearchNotificationsRequest { template: "newsletter".to_owned(), ..all() }, "template"),
        (SearchNotificationsRequest { template: "w".repeat(65), ..all() }, "template"),
        (SearchNotificationsRequest { user_id: "me".to_owned(), ..all() }, "user_id"),
        (SearchNotificationsRequest { page_size: -5, ..all() }, "page_size"),
        (SearchNotificationsRequest { page_token: "%".to_owned(), ..all() }, "page_token"),
    ];
    for (request, field) in cases {
        refused(admins().search_notifications(of_admin(request)).await, &[field]);
    }
    let notification_id = String::new();
    refused(
        admins().resend_notification(of_admin(ResendNotificationRequest { notification_id })).await,
        &["notification_id"],
    );
    let notification_id = "x".to_owned();
    refused(
        admins().cancel_notification(of_admin(CancelNotificationRequest { notification_id })).await,
        &["notification_id"],
    );
    let notification_id = NOWHERE.to_owned();
    not_found(admins().resend_notification(of_admin(ResendNotificationRequest { notification_id })).await);
    let notification_id = NOWHERE.to_owned();
    not_found(admins().cancel_notification(of_admin(CancelNotificationRequest { notification_id })).await);

    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let since = || RecoverNotificationsRequest { start_time: at(1_790_000_000), ..Default::default() };
    let cases = [
        (RecoverNotificationsRequest::default(), "start_time"),
        (RecoverNotificationsRequest { start_time: at(i64::MAX), ..since() }, "start_time"),
        (RecoverNotificationsRequest { start_time: at(-62_135_596_801), ..since() }, "start_time"),
        (
            RecoverNotificationsRequest { start_time: Some(Timestamp { seconds: 0, nanos: -1 }), ..since() },
            "start_time",
        ),
        (RecoverNotificationsRequest { end_time: at(i64::MIN), ..since() }, "end_time"),
        (RecoverNotificationsRequest { end_time: at(1_790_000_000), ..since() }, "start_time"),
        (RecoverNotificationsRequest { state: 3, ..since() }, "state"),
        (RecoverNotificationsRequest { state: -1, ..since() }, "state"),
        (RecoverNotificationsRequest { template: "x".to_owned(), ..since() }, "template"),
        (RecoverNotificationsRequest { template: "login_code".to_owned(), ..since() }, "template"),
    ];
    for (mut request, field) in cases {
        // Whatever the clock says while this runs.
        if request.end_time.is_none() && request.start_time == at(1_790_000_000) {
            request.end_time = at(1_790_000_001);
        }
        refused(admins().recover_notifications(of_admin(request)).await, &[field]);
    }
    let request = PreviewTemplateRequest::default();
    refused(admins().preview_template(of_admin(request)).await, &["name"]);
    let request = PreviewTemplateRequest { name: "welcome".to_owned(), locale: "e".repeat(36), format: 7 };
    refused(admins().preview_template(of_admin(request)).await, &["locale", "format"]);
    let request = PreviewTemplateRequest { name: "../layout".to_owned(), ..Default::default() };
    not_found(admins().preview_template(of_admin(request)).await);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_administrators_about_dead_letters() {
    let service = Service::start().await;
    let admins = || service.admins.clone();
    let all = ListDeadLettersRequest::default;
    let cases = [
        (ListDeadLettersRequest { consumer_group: "g".repeat(250), ..all() }, "consumer_group"),
        (ListDeadLettersRequest { event_type: "t".repeat(256), ..all() }, "event_type"),
        (ListDeadLettersRequest { page_size: -1, ..all() }, "page_size"),
        (ListDeadLettersRequest { page_token: "?".to_owned(), ..all() }, "page_token"),
    ];
    for (request, field) in cases {
        refused(admins().list_dead_letters(of_admin(request)).await, &[field]);
    }
    let dead_letter_id = "1".to_owned();
    refused(
        admins().get_dead_letter(of_admin(GetDeadLetterRequest { dead_letter_id })).await,
        &["dead_letter_id"],
    );
    let dead_letter_id = NOWHERE.to_owned();
    not_found(admins().get_dead_letter(of_admin(GetDeadLetterRequest { dead_letter_id })).await);
    let request = ReplayDeadLetterRequest { dead_letter_id: String::new(), force: true };
    refused(admins().replay_dead_letter(of_admin(request)).await, &["dead_letter_id"]);
    let request = ReplayDeadLettersRequest { consumer_group: "g".repeat(250), ..Default::default() };
    refused(admins().replay_dead_letters(of_admin(request)).await, &["consumer_group"]);
    service.stop().await;
}
