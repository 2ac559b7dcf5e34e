//! A person's first month, through REST alone.

mod database;
mod secrets;
mod story;

use std::time::Duration;

use serde_json::json;

use self::database::Databases;
use self::story::Story;
use crate::harness::{Options, Parts, System, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_trains_for_a_month_and_leaves_without_a_trace() {
    let parts = Parts::start().await;
    let databases = Databases::connect(|name| parts.database_url(name)).await;
    let story = Story::live(parts.api(), parts.inbox()).await;
    let address = story.person.account.email.clone();
    assert!(!databases.tables_with(&address).await.is_empty(), "the search finds what is there");

    story.person.expect("DELETE", "/v1/users/me", None).await;

    eventually("no service holds the address", Duration::from_secs(20), || async {
        databases.tables_with(&address).await.is_empty().then_some(())
    })
    .await;
    for path in ["/v1/users/me", "/v1/routines", "/v1/notifications"] {
        let (status, answer) = story.person.call("GET", path, None).await;
        assert_eq!((status, answer["code"].as_str()), (401, Some("TOKEN_INVALID")), "{path}");
    }
    let credentials = json!({ "email": address, "password": story.person.account.password });
    assert_eq!(story.person.api.post("/v1/auth/login", &credentials).await.status(), 401);
    let refresh = json!({ "refresh_token": story.person.refresh_token });
    assert_eq!(story.person.api.post("/v1/auth/refresh", &refresh).await.status(), 401);

    // The address is free: whoever owns it may come back as somebody new.
    let before = story.person.inbox.mails_to(&address).await.len();
    story.person.api.register(&story.person.account).await;
    story.person.inbox.wait_for(&address, before + 1, Duration::from_secs(20)).await;
    parts.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_it_is_readable_where_it_is_not_the_data() {
    let cluster = database::cluster().await;
    let collector = crate::harness::Collector::start().await;
    let system = System::start(Options {
        environment: vec![
            ("DATABASE_URL", cluster.url("postgres")),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
        ],
        ..Options::default()
    })
    .await;
    let story = Story::live(system.api(), system.inbox()).await;
    secrets::assert_hidden(&story, &system, &collector, &cluster).await;
    drop(system);
    cluster.stop().await;
}
