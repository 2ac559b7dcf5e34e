//! Bad input to the calls on sessions, passwords and accounts is refused by field.

use fitness_proto::fitness::user::v1 as proto;
use tonic::{Code, Status};

use crate::calls::signed;
use crate::fixture::{PASSWORD, Service, reason};
use crate::validation::fields;

fn assert_fields(status: &Status, expected: &[&str]) {
    assert_eq!((status.code(), reason(status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    assert_eq!(fields(status), expected);
}

#[tokio::test]
async fn the_public_calls_name_the_field_at_fault() {
    let service = Service::start().await;
    let long = "x".repeat(129);
    assert_fields(&service.request_login_code("").await.unwrap_err(), &["email"]);
    assert_fields(&service.request_login_code("a..b@c").await.unwrap_err(), &["email"]);
    assert_fields(&service.login_with_code("", "").await.unwrap_err(), &["email", "code"]);
    assert_fields(&service.login_with_code("a@b", "١٢٣٤٥٦").await.unwrap_err(), &["code"]);
    assert_fields(&service.login_with_code("a..b@c", "123456").await.unwrap_err(), &["email"]);
    assert_fields(&service.refresh("").await.unwrap_err(), &["refresh_token"]);
    assert_fields(&service.refresh(&long).await.unwrap_err(), &["refresh_token"]);
    assert_fields(&service.forgot_password("a@b\r\nBcc: c@d").await.unwrap_err(), &["email"]);
    assert_fields(&service.forgot_password("a..b@c").await.unwrap_err(), &["email"]);
    assert_fields(&service.reset_password("", "").await.unwrap_err(), &["token", "new_password"]);
    assert_fields(&service.reset_password("x", "too short").await.unwrap_err(), &["new_password"]);
    assert_fields(&service.reset_password(&long, &long).await.unwrap_err(), &["token", "new_password"]);
    service.stop().await;
}

#[tokio::test]
async fn the_calls_of_an_account_name_the_field_at_fault() {
    let service = Service::start().await;
    let opened = service.open_account("admin@example.org").await;
    let (token, user_id) = (&opened.access_token, opened.user.unwrap().user_id);
    service.make_admin(&user_id).await;
    let long = "x".repeat(129);
    let change = |old, new| service.change_password(token, old, new);
    assert_fields(&change("", "").await.unwrap_err(), &["old_password", "new_password"]);
    assert_fields(&change(PASSWORD, "too short").await.unwrap_err(), &["new_password"]);
    assert_fields(&change(&long, &long).await.unwrap_err(), &["old_password", "new_password"]);
    for id in ["", "me", "1234", &long] {
        assert_fields(&service.revoke_session(token, id).await.unwrap_err(), &["session_id"]);
        assert_fields(&service.get_user(token, id).await.unwrap_err(), &["user_id"]);
        assert_fields(
            &service.set_roles(token, id, &[proto::Role::Athlete]).await.unwrap_err(),
            &["user_id"],
        );
    }
    let list = |page_size, page_token: &str, email_prefix: &str| {
        let (page_token, email_prefix) = (page_token.to_owned(), email_prefix.to_owned());
        service.list_users(token, proto::ListUsersRequest { page_size, page_token, email_prefix })
    };
    assert_fields(&list(-1, "", "").await.unwrap_err(), &["page_size"]);
    assert_fields(&list(0, "nonsense", "").await.unwrap_err(), &["page_token"]);
    assert_fields(&list(0, "", &"x".repeat(255)).await.unwrap_err(), &["email_prefix"]);
    for prefix in ["\0", "a b", "ä", "a\r\n"] {
        assert_fields(&list(i32::MAX, "", prefix).await.unwrap_err(), &["email_prefix"]);
    }
    for (page_size, page_token, field) in [(-1, "", "page_size"), (0, "%", "page_token")] {
        let request = proto::ListSessionsRequest { page_size, page_token: page_token.to_owned() };
        let status = service.auth.clone().list_sessions(signed(request, token)).await.unwrap_err();
        assert_fields(&status, &[field]);
    }
    service.stop().await;
}

#[tokio::test]
async fn roles_that_do_not_exist_are_refused() {
    let service = Service::start().await;
    let opened = service.open_account("admin@example.org").await;
    let (token, user_id) = (&opened.access_token, opened.user.unwrap().user_id);
    service.make_admin(&user_id).await;
    for roles in [vec![0], vec![99], vec![-1], vec![3, 3], vec![1, 2, 3, 1]] {
        let request = proto::SetRolesRequest { user_id: user_id.clone(), roles: roles.clone() };
        let status = service.users.clone().set_roles(signed(request, token)).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::InvalidArgument, "INVALID_REQUEST"),
            "{roles:?}"
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn every_call_that_is_not_public_needs_a_token() {
    let service = Service::start().await;
    let (mut auth, mut users) = (service.auth.clone(), service.users.clone());
    let id = uuid::Uuid::now_v7().to_string();
    let outcomes = [
        auth.logout(proto::LogoutRequest {}).await.map(drop),
        auth.list_sessions(proto::ListSessionsRequest::default()).await.map(drop),
        auth.revoke_session(proto::RevokeSessionRequest { session_id: id.clone() }).await.map(drop),
        users.get_me(proto::GetMeRequest {}).await.map(drop),
        users.update_me(proto::UpdateMeRequest::default()).await.map(drop),
        users.delete_me(proto::DeleteMeRequest {}).await.map(drop),
        users.change_password(proto::ChangePasswordRequest::default()).await.map(drop),
        users.export_me(proto::ExportMeRequest {}).await.map(drop),
        users.get_user(proto::GetUserRequest { user_id: id.clone() }).await.map(drop),
        users.list_users(proto::ListUsersRequest::default()).await.map(drop),
        users.set_roles(proto::SetRolesRequest { user_id: id, roles: Vec::new() }).await.map(drop),
    ];
    for outcome in outcomes {
        assert_eq!(reason(&outcome.unwrap_err()), "TOKEN_MISSING");
    }
    service.stop().await;
}
