//! What the service does while something that it depends on is away, or busy.

use std::time::Duration;

use embedded::broker::Broker;
use embedded::postgres::fresh_database;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic_types::StatusExt as _;
use user_svc::password::PasswordConfig;

use crate::fixture::{Options, PASSWORD, Service, cheap_passwords, reason, registration, within};

/// A way to the database that can be opened; until then every connection is refused.
struct Road {
    closed_url: String,
    port: u16,
    target: String,
}

impl Road {
    async fn to(database_url: &str) -> Self {
        let (before, after) = database_url.split_once('@').unwrap();
        let (target, name) = after.split_once('/').unwrap();
        let probe = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = probe.local_addr().unwrap().port();
        Self { closed_url: format!("{before}@127.0.0.1:{port}/{name}"), port, target: target.to_owned() }
    }

    /// Forwards connections until the token is cancelled.
    async fn open(&self) -> CancellationToken {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let (closed, target) = (CancellationToken::new(), self.target.clone());
        let token = closed.clone();
        tokio::spawn(token.run_until_cancelled_owned(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let target = target.clone();
                connections.spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        }));
        closed
    }
}

#[tokio::test]
async fn the_service_starts_without_its_database_says_so_and_recovers() {
    let road = Road::to(&fresh_database("user").await).await;
    // A new connection goes through SCRAM, which takes a while beside other tests.
    let acquire_timeout = Duration::from_secs(2);
    let service =
        Service::start_with(Options { acquire_timeout, ..Options::on(road.closed_url.clone()) }).await;

    let status = service.register("anna@example.org").await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "DEPENDENCY_UNAVAILABLE"));
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    let ready = reqwest::get(format!("{}/readyz", service.ops_url)).await.unwrap();
    assert_eq!(ready.status(), 503);

    let closed = road.open().await;
    within("the service to be ready", service.health.ready()).await;
    service.open_account("anna@example.org").await;

    closed.cancel();
    let status = within("the pool to notice", async {
        loop {
            match service.login("anna@example.org", PASSWORD).await {
                Err(status) if status.code() == Code::Unavailable => return status,
                Ok(_) => tokio::task::yield_now().await,
                Err(status) => panic!("an outage must not answer {status:?}"),
            }
        }
    })
    .await;
    assert_eq!(reason(&status), "DEPENDENCY_UNAVAILABLE");

    let _closed = road.open().await;
    within("the service to be ready again", async {
        while service.login("anna@example.org", PASSWORD).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn while_the_broker_is_away_people_register_all_the_same() {
    let service = Service::start().await;
    service.register("anna@example.org").await.unwrap();
    assert!(service.health.report().ready);
    assert_eq!(service.pending().await, 2);
    service.stop().await;
}

#[tokio::test]
async fn what_happened_while_the_broker_was_away_is_published_when_it_is_back() {
    let broker = Broker::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    broker.close().await;
    let options = Options { brokers: broker.addr().to_string(), ..Options::usual().await };
    let service = Service::start_with(options).await;
    within("the service to be ready", service.health.ready()).await;
    service.open_account("anna@example.org").await;
    assert_eq!(service.pending().await, 4);

    broker.open().await.unwrap();
    within("the events to be published", async {
        while service.pending().await > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(outbox::backlog(&service.pool).await.unwrap().parked, 0);
    service.stop().await;
    broker.stop().await;
}

#[tokio::test]
async fn who_gets_no_turn_to_hash_is_told_when_to_come_back() {
    // One hash of a long time at once, and nobody waits long for a turn.
    let passwords = PasswordConfig {
        memory_kib: 64 * 1024,
        iterations: 4,
        concurrency: 1,
        max_wait: Duration::from_millis(1),
        ..cheap_passwords()
    };
    let service = Service::start_with(Options { passwords, ..Options::usual().await }).await;
    within("the service to be ready", service.health.ready()).await;
    let mut calls = JoinSet::new();
    for number in 0..8 {
        let mut auth = service.auth.clone();
        calls.spawn(async move { auth.register(registration(&format!("{number}@example.org"))).await });
    }
    let (accepted, refused): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
    assert!(!accepted.is_empty());
    assert!(!refused.is_empty());
    for outcome in refused {
        let status = outcome.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OVERLOADED"));
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    }
    service.stop().await;
}
