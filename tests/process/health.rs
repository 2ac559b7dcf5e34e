//! `healthcheck`, against answers of all kinds.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::SUBJECT;
use crate::binary::{Finished, free_addr, run};

/// Answers every request with `answer`, or never, and stays for as long as the test runs.
async fn operator_port(answer: Option<&'static str>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            if let Some(answer) = answer {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            } else {
                open.push(stream);
            }
        }
    });
    addr
}

async fn ask(addr: SocketAddr, arguments: &[&str]) -> Finished {
    let line: Vec<_> = ["healthcheck"].iter().chain(arguments).copied().collect();
    // Neither a secret nor a server is named: it has to do without.
    run(&line, vec![(SUBJECT.ops_addr, addr.to_string())]).await
}

const READY: &str = "HTTP/1.0 200 OK\r\n\r\n\
    {\"ready\":true,\"draining\":false,\"dependencies\":{\
    \"postgres\":{\"need\":\"required\",\"state\":\"up\"},\
    \"kafka\":{\"need\":\"deferrable\",\"state\":\"down\",\"reason\":\"no broker\"}}}";
const WAITING: &str = "HTTP/1.0 503 Service Unavailable\r\n\r\n\
    {\"ready\":false,\"draining\":false,\"dependencies\":{\
    \"postgres\":{\"need\":\"required\",\"state\":\"down\",\"reason\":\"connection failed\"},\
    \"schema\":{\"need\":\"required\",\"state\":\"unknown\"},\
    \"kafka\":{\"need\":\"deferrable\",\"state\":\"down\",\"reason\":\"no broker\"}}}";
const DRAINING: &str =
    "HTTP/1.0 503 Service Unavailable\r\n\r\n{\"ready\":false,\"draining\":true,\"dependencies\":{}}";

#[tokio::test]
async fn a_ready_service_is_healthy_and_what_it_can_do_without_is_named() {
    let answer = ask(operator_port(Some(READY)).await, &[]).await;
    assert_eq!(answer.code, Some(0), "{}", answer.text());
    assert_eq!(answer.stdout, "ready; away: kafka (no broker)\n");
}

#[tokio::test]
async fn a_service_that_waits_is_not_healthy_and_says_what_it_waits_for() {
    let answer = ask(operator_port(Some(WAITING)).await, &[]).await;
    assert_eq!(answer.code, Some(1));
    let reason = "not ready: postgres (connection failed), schema (not tried yet)";
    assert_eq!(answer.stderr, format!("{}: {reason}\n", SUBJECT.name));
}

#[tokio::test]
async fn a_service_that_stops_is_not_healthy() {
    let answer = ask(operator_port(Some(DRAINING)).await, &[]).await;
    assert_eq!((answer.code, answer.stderr.contains("it is stopping")), (Some(1), true), "{}", answer.stderr);
}

#[tokio::test]
async fn a_service_that_waits_is_alive() {
    let addr = operator_port(Some("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n")).await;
    let answer = ask(addr, &["--live"]).await;
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), "alive\n"), "{}", answer.text());
}

#[tokio::test]
async fn a_service_that_is_not_there_is_not_healthy() {
    for arguments in [&[][..], &["--live"]] {
        let answer = ask(free_addr(), arguments).await;
        assert_eq!(answer.code, Some(1));
        assert!(answer.stderr.contains("nothing answers"), "{}", answer.stderr);
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_not_healthy_and_the_question_ends() {
    let answer = ask(operator_port(None).await, &[]).await;
    assert_eq!(answer.code, Some(1));
    assert!(answer.stderr.contains("did not answer within 3 s"), "{}", answer.stderr);
    assert!(answer.took < Duration::from_secs(10), "{:?}", answer.took);
}

#[tokio::test]
async fn a_stranger_on_the_port_is_not_taken_for_the_service() {
    for answer in
        ["HTTP/1.1 200 OK\r\n\r\n<html>", "HTTP/1.1 404 Not Found\r\n\r\n", "220 mail.example.org\r\n"]
    {
        let answer = ask(operator_port(Some(answer)).await, &[]).await;
        assert_eq!(answer.code, Some(1));
        assert!(answer.stderr.contains("not a service of ours"), "{}", answer.stderr);
    }
}

#[tokio::test]
async fn a_service_on_all_addresses_is_asked_on_loopback() {
    let port = operator_port(Some(READY)).await.port();
    let answer = ask(format!("0.0.0.0:{port}").parse().unwrap(), &[]).await;
    assert_eq!(answer.code, Some(0), "{}", answer.text());
}
