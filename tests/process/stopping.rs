//! SIGTERM.

use std::time::Duration;

use embedded::broker::Broker;
use embedded::postgres::fresh_database;

use crate::binary::{Finished, serve};

/// How soon a service without work in hand is gone.
const QUICK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn sigterm_ends_a_service_that_works_with_its_servers() {
    let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let servers = vec![
        ("DATABASE_URL", fresh_database("stopping").await),
        ("KAFKA_BROKERS", broker.addr().to_string()),
    ];
    // No command: serving is what happens then.
    let mut service = serve(&[], servers);
    let at_work = |answer: &Finished| {
        let text = answer.text();
        ["nothing answers", "postgres", "schema", "kafka"].iter().all(|word| !text.contains(word))
    };
    service.healthcheck(&[], at_work).await;
    let (code, took) = service.terminate().await;
    assert_eq!(code, Some(0));
    assert!(took < QUICK, "it took {took:?}");
}

#[tokio::test]
async fn sigterm_ends_a_service_whose_servers_are_away() {
    let mut service = serve(&["serve"], Vec::new());
    service.healthcheck(&["--live"], |answer| answer.code == Some(0)).await;
    let (code, took) = service.terminate().await;
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(10), "it took {took:?}");
}
