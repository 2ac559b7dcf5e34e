//! `DeleteMe` and `ExportMe`.

use fitness_proto::fitness::user::v1 as proto;
use tonic::Code;

use crate::fixture::{PASSWORD, Service, reason};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";

#[tokio::test]
async fn nothing_of_a_deleted_account_is_left_but_the_event_that_says_so() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    service.register("anna@example.org").await.unwrap();
    let opened = service.verify("anna@example.org", &service.last_code().await).await.unwrap();
    let user_id = opened.user.as_ref().unwrap().user_id.clone();
    service.request_login_code("anna@example.org").await.unwrap();
    service.forgot_password("anna@example.org").await.unwrap();
    service.reset_password(&service.last_link().await, PASSWORD).await.unwrap();
    let signed_in = service.login_from("anna@example.org", PASSWORD, FIREFOX, "203.0.113.7").await.unwrap();
    service.refresh(&signed_in.refresh_token).await.unwrap();
    service.login("anna@example.org", "wrong password").await.unwrap_err();
    let other = service.open_account("ben@example.org").await;
    assert!(!service.tables_with("anna@example.org").await.is_empty(), "the search finds what is there");

    service.delete_me(&signed_in.access_token).await.unwrap();

    assert_eq!(service.tables_with("anna@example.org").await, Vec::<String>::new());
    assert_eq!(
        service.tables_with("Anna").await,
        ["outbox.events", "public.users"],
        "that is Ben's display name"
    );
    assert_eq!(service.tables_with(&user_id).await, ["outbox.events"]);
    let deleted: Vec<proto::UserDeleted> = service.events().await;
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].user_id, user_id);
    let about_anna = format!("SELECT count(*) FROM outbox.events WHERE event_key = '{user_id}'");
    let left: i64 =
        sqlx::query_scalar(sqlx::AssertSqlSafe(about_anna)).fetch_one(&service.pool).await.unwrap();
    assert_eq!(left, 1);

    for status in [
        service.get_me(&signed_in.access_token).await.unwrap_err(),
        service.delete_me(&signed_in.access_token).await.unwrap_err(),
        service.refresh(&signed_in.refresh_token).await.unwrap_err(),
    ] {
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
    }
    assert_eq!(
        reason(&service.login("anna@example.org", PASSWORD).await.unwrap_err()),
        "CREDENTIALS_INVALID"
    );
    service.get_me(&other.access_token).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn the_address_of_a_deleted_account_can_open_a_new_one() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    service.delete_me(&opened.access_token).await.unwrap();
    let again = service.open_account("anna@example.org").await;
    assert_ne!(again.user.unwrap().user_id, opened.user.unwrap().user_id);
    service.stop().await;
}

#[tokio::test]
async fn deleting_while_everything_else_happens_ends_in_no_error_and_leaves_nothing() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..10 {
        let (mut auth, mut users) = (service.auth.clone(), service.users.clone());
        let token = opened.access_token.clone();
        calls.spawn(async move {
            let email = "anna@example.org".to_owned();
            match number {
                0 => users.delete_me(crate::calls::signed(proto::DeleteMeRequest {}, &token)).await.map(drop),
                1..4 => {
                    let request = proto::LoginRequest { email, password: PASSWORD.to_owned() };
                    auth.login(request).await.map(drop)
                }
                4..7 => auth.forgot_password(proto::ForgotPasswordRequest { email }).await.map(drop),
                _ => auth.request_login_code(proto::RequestLoginCodeRequest { email }).await.map(drop),
            }
        });
    }
    for outcome in calls.join_all().await {
        if let Err(status) = outcome {
            assert_eq!(reason(&status), "CREDENTIALS_INVALID");
        }
    }
    assert_eq!(service.tables_with("anna@example.org").await, Vec::<String>::new());
    let keys: Vec<String> = service.event_names().await;
    assert_eq!(keys, ["UserDeleted"]);
    service.stop().await;
}

#[tokio::test]
async fn an_export_has_what_is_kept_and_no_secret() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    service.login_from("anna@example.org", PASSWORD, FIREFOX, "203.0.113.7").await.unwrap();
    service.change_password(&opened.access_token, PASSWORD, "a password of my own").await.unwrap();
    let export = service.export_me(&opened.access_token).await.unwrap();
    assert_eq!(export.user, opened.user);
    assert!(export.email_verify_time.is_some() && export.password_change_time.is_some());
    assert!(export.update_time.is_some() && export.export_time.is_some());
    assert_eq!(export.sessions.len(), 1, "the other session was ended by the change");
    assert!(export.sessions[0].current);
    let mut devices: Vec<_> = export.devices.iter().map(|device| device.device.as_str()).collect();
    devices.sort_unstable();
    assert_eq!(devices, ["", "Firefox on Linux"]);
    let text = format!("{export:?}");
    for secret in ["argon2", &opened.refresh_token, "hash"] {
        assert!(!text.contains(secret));
    }
    service.stop().await;
}
