//! What every sign-in tells the rest of the system.

use fitness_proto::fitness::user::v1 as proto;
use proto::SignInMethod::{Code, Password, Verification};

use crate::fixture::{PASSWORD, Service};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
const NEWER_FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

#[tokio::test]
async fn every_way_to_sign_in_is_published_with_its_method() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    service.login("anna@example.org", PASSWORD).await.unwrap();
    service.request_login_code("anna@example.org").await.unwrap();
    service.login_with_code("anna@example.org", &service.last_code().await).await.unwrap();
    service.refresh(&opened.refresh_token).await.unwrap();

    let events: Vec<proto::UserSignedIn> = service.events().await;
    let methods: Vec<_> = events.iter().map(proto::UserSignedIn::method).collect();
    assert_eq!(methods, [Verification, Password, Code]);
    let user_id = opened.user.unwrap().user_id;
    assert!(events.iter().all(|event| event.user_id == user_id));
    let mut sessions: Vec<_> = events.into_iter().map(|event| event.session_id).collect();
    sessions.dedup();
    assert_eq!(sessions.len(), 3);
    service.stop().await;
}

#[tokio::test]
async fn a_device_is_new_once_for_each_account_and_never_at_the_first_sign_in() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    for user_agent in [FIREFOX, FIREFOX, NEWER_FIREFOX, "curl/8.5.0"] {
        service.login_from("anna@example.org", PASSWORD, user_agent, "203.0.113.7").await.unwrap();
    }
    service.login("anna@example.org", PASSWORD).await.unwrap();
    service.open_account("ben@example.org").await;
    service.login_from("ben@example.org", PASSWORD, FIREFOX, "203.0.113.7").await.unwrap();

    let events: Vec<proto::UserSignedIn> = service.events().await;
    let seen: Vec<_> = events.iter().map(|event| (event.device.as_str(), event.new_device)).collect();
    assert_eq!(
        seen,
        [
            ("", false),
            ("Firefox on Linux", true),
            ("Firefox on Linux", false),
            ("Firefox on Linux", false),
            ("curl", true),
            ("", false),
            ("", false),
            ("Firefox on Linux", true),
        ]
    );
    service.stop().await;
}

#[tokio::test]
async fn a_failed_sign_in_is_no_sign_in() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    service.login("anna@example.org", PASSWORD).await.unwrap_err();
    service.verify("anna@example.org", &service.last_code().await).await.unwrap();
    service.login("anna@example.org", "wrong password").await.unwrap_err();
    assert_eq!(service.events::<proto::UserSignedIn>().await.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn neither_user_agent_nor_network_address_is_kept() {
    let service = Service::start().await;
    service.open_account("anna@example.org").await;
    let user_agent = "secretbrowser/1.0 (very special build)";
    service.login_from("anna@example.org", PASSWORD, user_agent, "203.0.113.7").await.unwrap();
    service.login_from("anna@example.org", "wrong password", user_agent, "203.0.113.7").await.unwrap_err();
    for needle in ["special", "203.0.113.7", "203.0.113"] {
        assert_eq!(service.tables_with(needle).await, Vec::<String>::new(), "{needle}");
    }
    service.stop().await;
}
