//! `GetUser` and `ListUsers`.

use fitness_proto::fitness::user::v1 as proto;
use tonic::Code;

use crate::fixture::{Service, reason};

#[tokio::test]
async fn people_see_their_own_account_and_learn_nothing_of_others() {
    let service = Service::start().await;
    let anna = service.open_account("anna@example.org").await;
    let ben = service.open_account("ben@example.org").await.user.unwrap();
    let own = anna.user.unwrap();
    assert_eq!(service.get_user(&anna.access_token, &own.user_id).await.unwrap(), own);
    let invented = uuid::Uuid::now_v7().to_string();
    for user_id in [&ben.user_id, &invented] {
        let status = service.get_user(&anna.access_token, user_id).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"));
    }
    let status =
        service.list_users(&anna.access_token, proto::ListUsersRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
    service.stop().await;
}

#[tokio::test]
async fn an_admin_sees_every_account_from_the_moment_the_role_is_given_and_no_longer_than_that() {
    let service = Service::start().await;
    let anna = service.open_account("anna@example.org").await;
    let ben = service.open_account("ben@example.org").await.user.unwrap();
    let own = anna.user.unwrap().user_id;
    service.make_admin(&own).await;
    assert_eq!(service.get_user(&anna.access_token, &ben.user_id).await.unwrap(), ben);
    let invented = uuid::Uuid::now_v7().to_string();
    assert_eq!(service.get_user(&anna.access_token, &invented).await.unwrap_err().code(), Code::NotFound);

    let refreshed = service.login("anna@example.org", crate::fixture::PASSWORD).await.unwrap();
    sqlx::query("UPDATE users SET roles = ARRAY['athlete']").execute(&service.pool).await.unwrap();
    let status = service.get_user(&refreshed.access_token, &ben.user_id).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "the token still says admin");
    service.stop().await;
}

#[tokio::test]
async fn the_list_has_all_accounts_in_pages_and_can_be_narrowed_by_address() {
    let service = Service::start().await;
    let admin = service.open_account("admin@example.org").await;
    service.make_admin(&admin.user.unwrap().user_id).await;
    for name in ["Anna", "anne", "ben", "an_ton", "a%"] {
        service.register(&format!("{name}@example.org")).await.unwrap();
    }
    let list = async |email_prefix: &str| {
        let (mut emails, mut page_token) = (Vec::new(), String::new());
        loop {
            let email_prefix = email_prefix.to_owned();
            let request = proto::ListUsersRequest { page_size: 2, page_token, email_prefix };
            let page = service.list_users(&admin.access_token, request).await.unwrap();
            assert!(page.users.len() <= 2);
            emails.extend(page.users.into_iter().map(|user| user.email));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return emails;
            }
        }
    };
    assert_eq!(list("").await.len(), 6);
    assert_eq!(list("ANN").await, ["Anna@example.org", "anne@example.org"]);
    assert_eq!(list("an_").await, ["an_ton@example.org"], "nothing in it is a pattern");
    assert_eq!(list("a%").await, ["a%@example.org"]);
    assert_eq!(list("nobody").await, Vec::<String>::new());
    service.stop().await;
}
