//! A model that is away, silent or slow costs a bounded time, and then nothing for a while.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use workout_svc::catalogue::Difficulty;
use workout_svc::planner::{Goal, MadePlan, PlanRequest, PlannerKind, RoutinePlanner};

use crate::endpoint::{Behaviour, Endpoint, KEY, planner, planner_with_pause};
use crate::log::Log;
use crate::requests::{choices, request};

const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(20);

fn wanted() -> PlanRequest {
    request(Goal::Strength, Difficulty::Beginner, 3, 45)
}

async fn ask(planner: &RoutinePlanner) -> MadePlan {
    planner.plan(&wanted(), choices(), 1, None).await.unwrap()
}

/// Asserts that the rules made the plan for this reason.
async fn assert_falls_back(planner: &RoutinePlanner, reason: &str) {
    let (log, _guard) = Log::record();
    assert_eq!(ask(planner).await.planner, PlannerKind::Rules);
    let log = log.text();
    assert!(log.contains(&format!("reason=\"{reason}\"")), "{reason} is not in the log: {log}");
    assert!(!log.contains(KEY), "the key is in the log");
}

#[tokio::test]
async fn without_a_model_the_rules_plan() {
    assert_eq!(ask(&RoutinePlanner::default()).await.planner, PlannerKind::Rules);
}

#[tokio::test]
async fn nobody_at_the_address() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_falls_back(&planner(&format!("http://{address}/v1"), LONG), "unreachable").await;
}

#[tokio::test]
async fn an_endpoint_that_never_answers_or_never_ends_costs_the_time_limit() {
    for behaviour in [Behaviour::Hang, Behaviour::Stall] {
        let endpoint = Endpoint::start([behaviour]).await;
        let start = Instant::now();
        assert_falls_back(&planner(&endpoint.url, SHORT), "timed_out").await;
        assert!((SHORT..LONG).contains(&start.elapsed()), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_second_try_that_hangs_ends_at_the_same_time_limit() {
    let endpoint = Endpoint::start([Behaviour::Say(String::from("no")), Behaviour::Hang]).await;
    assert_falls_back(&planner(&endpoint.url, SHORT * 3), "timed_out").await;
    assert_eq!(endpoint.seen().len(), 2);
}

#[tokio::test]
async fn a_caller_in_a_hurry_gets_the_rules_in_time() {
    let endpoint = Endpoint::start([Behaviour::Hang]).await;
    let planner = planner_with_pause(&endpoint.url, LONG, LONG);
    let (log, _guard) = Log::record();
    for time_left in [Duration::from_millis(1_500), Duration::from_millis(400)] {
        let made = planner.plan(&wanted(), choices(), 1, Some(time_left)).await.unwrap();
        assert_eq!(made.planner, PlannerKind::Rules);
    }
    // The first one had a second for the model, the second one nothing; neither is held against the model.
    assert!(log.text().contains("timed_out") && log.text().contains("no_time"), "{}", log.text());
    assert_eq!(endpoint.seen().len(), 1);
}

#[tokio::test]
async fn a_connection_that_closes_is_tried_once_more() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut connections = 0;
        for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            connections += 1;
            let mut buffer = vec![0; 4096];
            let _ = stream.read(&mut buffer).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        connections
    });
    assert_falls_back(&planner(&url, LONG), "broken").await;
    assert_eq!(server.await.unwrap(), 2);
}

#[tokio::test]
async fn after_an_outage_the_model_is_left_alone_for_a_while() {
    let endpoint = Endpoint::start([Behaviour::Answer(401, String::new())]).await;
    let planner = planner_with_pause(&endpoint.url, LONG, LONG);
    assert_falls_back(&planner, "status").await;
    assert_falls_back(&planner, "paused").await;
    assert_eq!(endpoint.seen().len(), 1);
}

#[tokio::test]
async fn a_wrong_answer_is_no_outage() {
    let nonsense = || Behaviour::Say(String::from("no"));
    let endpoint = Endpoint::start([nonsense(), nonsense(), nonsense(), nonsense()]).await;
    let planner = planner_with_pause(&endpoint.url, LONG, LONG);
    assert_falls_back(&planner, "unreadable").await;
    assert_falls_back(&planner, "unreadable").await;
    assert_eq!(endpoint.seen().len(), 4);
}

#[tokio::test]
async fn an_https_address_is_spoken_to_in_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/v1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0; 2];
        stream.read_exact(&mut first).await.unwrap();
        first
    });
    assert_falls_back(&planner(&url, LONG), "unreachable").await;
    // A handshake record of TLS (RFC 8446, section 5.1).
    assert_eq!(server.await.unwrap(), [22, 3]);
}
