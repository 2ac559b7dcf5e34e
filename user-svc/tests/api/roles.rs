//! `SetRoles`.

use fitness_proto::fitness::user::v1 as proto;
use proto::Role::{Admin, Athlete, Trainer};
use tonic::Code;

use crate::fixture::{Service, reason};

/// A service with an admin and another account.
async fn start() -> (Service, proto::VerifyEmailResponse, proto::VerifyEmailResponse) {
    let service = Service::start().await;
    let admin = service.open_account("admin@example.org").await;
    service.make_admin(&admin.user.as_ref().unwrap().user_id).await;
    let other = service.open_account("ben@example.org").await;
    (service, admin, other)
}

fn id(opened: &proto::VerifyEmailResponse) -> &str {
    &opened.user.as_ref().unwrap().user_id
}

#[tokio::test]
async fn an_admin_sets_roles_which_count_at_once_and_are_published() {
    let (service, admin, other) = start().await;
    let user = service.set_roles(&admin.access_token, id(&other), &[Trainer, Admin]).await.unwrap();
    assert_eq!(user.roles().collect::<Vec<_>>(), [Athlete, Trainer, Admin]);
    service.list_users(&other.access_token, proto::ListUsersRequest::default()).await.unwrap();

    let user = service.set_roles(&admin.access_token, id(&other), &[Athlete]).await.unwrap();
    assert_eq!(user.roles().collect::<Vec<_>>(), [Athlete], "everybody stays an athlete");
    service.set_roles(&admin.access_token, id(&other), &[Athlete]).await.unwrap();
    let changed: Vec<proto::UserRolesChanged> = service.events().await;
    assert_eq!(changed.len(), 2, "what changes nothing is no event");
    assert_eq!(changed[0].user_id, id(&other));
    assert_eq!(changed[0].roles().collect::<Vec<_>>(), [Athlete, Trainer, Admin]);
    assert_eq!(changed[1].roles().collect::<Vec<_>>(), [Athlete]);
    service.stop().await;
}

#[tokio::test]
async fn only_an_admin_sets_roles() {
    let (service, admin, other) = start().await;
    for user_id in [id(&admin), id(&other), &uuid::Uuid::now_v7().to_string()] {
        let status = service.set_roles(&other.access_token, user_id, &[Admin]).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
    }
    let invented = uuid::Uuid::now_v7().to_string();
    let status = service.set_roles(&admin.access_token, &invented, &[Trainer]).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    service.stop().await;
}

#[tokio::test]
async fn the_last_admin_stays_one() {
    let (service, admin, other) = start().await;
    let status = service.set_roles(&admin.access_token, id(&admin), &[Trainer]).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "LAST_ADMIN"));
    service.set_roles(&admin.access_token, id(&admin), &[Admin, Trainer]).await.unwrap();
    service.set_roles(&admin.access_token, id(&other), &[Admin]).await.unwrap();
    service.set_roles(&other.access_token, id(&admin), &[Athlete]).await.unwrap();
    let status = service.set_roles(&other.access_token, id(&other), &[Athlete]).await.unwrap_err();
    assert_eq!(reason(&status), "LAST_ADMIN");
    service.stop().await;
}

#[tokio::test]
async fn two_admins_who_remove_each_other_at_once_leave_one() {
    let (service, admin, other) = start().await;
    for _ in 0..5 {
        service.make_admin(id(&admin)).await;
        service.make_admin(id(&other)).await;
        let (one, two) = tokio::join!(
            service.set_roles(&admin.access_token, id(&other), &[Athlete]),
            service.set_roles(&other.access_token, id(&admin), &[Athlete]),
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(service.count("SELECT count(*) FROM users WHERE 'admin' = ANY(roles)").await, 1);
    }
    service.stop().await;
}
