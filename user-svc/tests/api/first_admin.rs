//! `ADMIN_EMAIL`: how an installation gets its first admin.

use fitness_proto::fitness::user::v1 as proto;
use proto::Role::{Admin, Athlete};

use crate::fixture::{Options, Service, within};

#[tokio::test]
async fn the_account_with_the_configured_address_is_an_admin_once_the_address_is_proved() {
    let options = Options { admin_email: Some("Root@Example.org"), ..Options::usual().await };
    let service = Service::start_ready(options).await;
    service.register("root@example.org").await.unwrap();
    assert_eq!(service.events::<proto::UserRolesChanged>().await.len(), 0);
    let answer = service.verify("root@example.org", &service.last_code().await).await.unwrap();
    assert_eq!(answer.user.unwrap().roles().collect::<Vec<_>>(), [Athlete, Admin]);
    let changed: Vec<proto::UserRolesChanged> = service.events().await;
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].roles().collect::<Vec<_>>(), [Athlete, Admin]);
    service.list_users(&answer.access_token, proto::ListUsersRequest::default()).await.unwrap();

    let other = service.open_account("anna@example.org").await.user.unwrap();
    assert_eq!(other.roles().collect::<Vec<_>>(), [Athlete]);
    service.stop().await;
}

#[tokio::test]
async fn an_account_that_was_there_before_the_setting_becomes_admin_at_the_next_start_if_it_is_proved() {
    let options = Options::usual().await;
    let database_url = options.database_url.clone();
    let service = Service::start_ready(options).await;
    let token = service.open_account("root@example.org").await.access_token;
    service.register("anna@example.org").await.unwrap();
    service.stop_keeping_database().await;

    for admin_email in ["anna@example.org", "nobody@example.org", "root@example.org"] {
        let options = Options { admin_email: Some(admin_email), ..Options::on(database_url.clone()) };
        let service = Service::start_ready(options).await;
        let is_admin = "SELECT count(*) FROM users WHERE 'admin' = ANY(roles)";
        if admin_email == "root@example.org" {
            within("the admin to be appointed", async {
                while service.count(is_admin).await == 0 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
            service.list_users(&token, proto::ListUsersRequest::default()).await.unwrap();
            assert_eq!(service.events::<proto::UserRolesChanged>().await.len(), 1);
            service.stop().await;
        } else {
            service.register("ben@example.org").await.unwrap();
            assert_eq!(service.count(is_admin).await, 0);
            service.stop_keeping_database().await;
        }
    }
}
