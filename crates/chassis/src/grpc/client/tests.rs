//! Calls against servers that refuse, break off, stop and come back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use embedded::silent_proxy::SilentProxy;
use h2::Reason;
use http_body_util::Full;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::*;
use crate::health::{Health, Need, State};

const UNARY: &str = "/fitness.user.v1.AuthService/Register";
const LIMIT: Duration = Duration::from_secs(20);

/// A server that answers everything and counts it.
struct Good {
    addr: SocketAddr,
    calls: Arc<AtomicUsize>,
    reporter: HealthReporter,
    shutdown: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Good {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (calls, shutdown) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", ServingStatus::Serving).await;
        let mut routes = Routes::builder();
        routes.add_service(health);
        let counted = Arc::clone(&calls);
        let answer = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { ([("content-type", "application/grpc"), ("grpc-status", "0")], "") }
        };
        let with_unary: Router = routes.routes().into_axum_router().route(UNARY, post(answer));
        let stop = shutdown.clone();
        let running = tokio::spawn(async move {
            let server = Server::builder().add_routes(Routes::from(with_unary));
            let incoming = TcpListenerStream::new(listener);
            server.serve_with_incoming_shutdown(incoming, stop.cancelled_owned()).await.unwrap();
        });
        Self { addr, calls, reporter, shutdown, running }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.unwrap();
    }
}

/// What a server does with a call that does not please it.
#[derive(Clone, Copy)]
enum Manner {
    /// Resets the stream.
    Reset(Reason),
    /// Takes the call and closes the connection.
    BreakOff,
}

/// A server that answers no call; counts those it saw.
async fn bad(manner: Manner) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_request, mut respond))) = connection.accept().await {
                    counted.fetch_add(1, Ordering::SeqCst);
                    match manner {
                        Manner::Reset(reason) => respond.send_reset(reason),
                        Manner::BreakOff => return,
                    }
                }
            });
        }
    });
    (addr, calls)
}

/// A server that speaks HTTP/2 by hand: it answers every call with a GOAWAY that leaves it out.
async fn leaving() -> SocketAddr {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // SETTINGS without entries.
                stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
                let mut preface = [0; 24];
                stream.read_exact(&mut preface).await.unwrap();
                loop {
                    let mut head = [0; 9];
                    if stream.read_exact(&mut head).await.is_err() {
                        return;
                    }
                    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                    stream.read_exact(&mut vec![0; length]).await.unwrap();
                    // HEADERS: GOAWAY, last stream 0, NO_ERROR.
                    if head[3] == 1 {
                        let goaway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                        stream.write_all(&goaway).await.unwrap();
                    }
                }
            });
        }
    });
    addr
}

/// An address at which nobody listens.
async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

fn client(addrs: &[SocketAddr]) -> Client {
    let urls: Vec<_> = addrs.iter().map(|addr| format!("http://{addr}")).collect();
    connect(&urls.join(","), 2).unwrap()
}

async fn call(client: &Client) -> Result<Response<Body>, CallError> {
    let message = Body::new(Full::new(Bytes::from_static(&[0, 0, 0, 0, 0])));
    let request = Request::post(UNARY).header("content-type", "application/grpc").body(message).unwrap();
    let answer = client.clone().call(request);
    tokio::time::timeout(LIMIT, answer).await.expect("a call ends")
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("{what}: not in time"));
}

#[tokio::test]
async fn replicas_are_called_in_turns() {
    let (one, two) = (Good::start().await, Good::start().await);
    let client = client(&[one.addr, two.addr]);
    for _ in 0..10 {
        call(&client).await.unwrap();
    }
    assert_eq!((one.calls(), two.calls()), (5, 5));
}

#[tokio::test]
async fn a_call_that_no_server_took_is_answered_by_another_one() {
    let good = Good::start().await;
    let (refusing, refused) = bad(Manner::Reset(Reason::REFUSED_STREAM)).await;
    for away in [nobody().await, refusing, leaving().await] {
        let client = client(&[away, good.addr]);
        let before = good.calls();
        for _ in 0..6 {
            call(&client).await.unwrap();
        }
        assert_eq!(good.calls() - before, 6);
    }
    assert!(refused.load(Ordering::SeqCst) >= 1, "the refusing one was asked");
}

#[tokio::test]
async fn a_call_that_may_have_been_carried_out_is_not_repeated() {
    for manner in [Manner::BreakOff, Manner::Reset(Reason::INTERNAL_ERROR)] {
        let (broken, seen) = bad(manner).await;
        let good = Good::start().await;
        let client = client(&[broken, good.addr]);
        let mut outcomes = Vec::new();
        for _ in 0..4 {
            outcomes.push(call(&client).await.is_ok());
        }
        let failed = outcomes.iter().filter(|ok| !**ok).count();
        assert_eq!(failed, seen.load(Ordering::SeqCst), "each call was offered once: {outcomes:?}");
        assert_eq!(failed + good.calls(), 4);
        assert!(failed >= 1 && client.has_replica(), "the broken one was asked, the good one is left");
    }
}

#[tokio::test]
async fn with_nobody_there_the_call_fails_and_says_so() {
    let client = client(&[nobody().await]);
    assert!(matches!(call(&client).await, Err(CallError::Transport(_))));
    assert!(!client.has_replica());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_one_of_two_replicas_stops() {
    let lasting = Good::start().await;
    for _ in 0..3 {
        let leaving = Good::start().await;
        let client = client(&[lasting.addr, leaving.addr]);
        let calls = async {
            for _ in 0..50 {
                let calls = (0..20).map(|_| call(&client));
                for answer in futures::future::join_all(calls).await {
                    answer.unwrap();
                }
            }
        };
        let stop = async {
            until("calls arrive", || leaving.calls() >= 100).await;
            leaving.stop().await;
        };
        tokio::join!(calls, stop);
    }
}

#[tokio::test]
async fn a_replica_that_says_it_does_not_serve_gets_no_calls_and_then_gets_them_again() {
    let (one, two) = (Good::start().await, Good::start().await);
    let (client, health) = (client(&[one.addr, two.addr]), Health::default());
    let dependency = health.dependency("service", Need::Required);
    let shutdown = CancellationToken::new();
    let watching = tokio::spawn(watch_health(client.clone(), dependency, shutdown.clone()));
    let standing = |addr| {
        let known = client.replicas.known();
        known.iter().find(|replica| replica.addr() == addr).unwrap().welcomes()
    };
    health.ready().await;

    two.reporter.set_service_status("", ServingStatus::NotServing).await;
    until("the draining is noticed", || !standing(two.addr)).await;
    let before = two.calls();
    for _ in 0..10 {
        call(&client).await.unwrap();
    }
    assert_eq!(two.calls(), before);
    assert!(health.report().ready, "one replica is enough");

    one.reporter.set_service_status("", ServingStatus::NotServing).await;
    until("the outage is noticed", || !health.report().ready).await;
    let state = health.report().dependencies["service"].state.clone();
    assert_eq!(state, State::Down { reason: "not ready".to_owned() });

    two.reporter.set_service_status("", ServingStatus::Serving).await;
    until("the return is noticed", || standing(two.addr) && health.report().ready).await;
    let before = two.calls();
    for _ in 0..10 {
        call(&client).await.unwrap();
    }
    assert_eq!(two.calls(), before + 10);
    shutdown.cancel();
    watching.await.unwrap();
}

#[tokio::test]
async fn a_silent_network_shows_swallows_no_caller_and_is_over_when_it_carries_again() {
    let good = Good::start().await;
    let network = SilentProxy::start(good.addr).await.unwrap();
    let (client, health) = (client(&[network.addr()]), Health::default());
    let dependency = health.dependency("service", Need::Required);
    let shutdown = CancellationToken::new();
    let watching = tokio::spawn(watch_health(client.clone(), dependency, shutdown.clone()));
    health.ready().await;
    call(&client).await.unwrap();

    network.silence();
    let swallowed = tokio::time::timeout(LIMIT, call(&client)).await.expect("the call is given up");
    assert!(swallowed.is_err());
    until("the silence is noticed", || !health.report().ready).await;
    assert_eq!(good.calls(), 1);

    network.restore();
    // Keep-alive finds the swallowed connections out within 15 seconds; the rest is for a busy machine.
    tokio::time::timeout(2 * LIMIT, health.ready()).await.expect("the network carries again");
    call(&client).await.unwrap();
    assert_eq!(good.calls(), 2, "nothing was doubled");
    shutdown.cancel();
    watching.await.unwrap();
}

#[tokio::test]
async fn a_name_is_looked_up() {
    let good = Good::start().await;
    let client = connect(&format!("http://localhost:{}", good.addr.port()), 1).unwrap();
    call(&client).await.unwrap();
    assert_eq!(good.calls(), 1);
}

#[test]
fn what_is_no_url_is_refused() {
    for wrong in [
        "",
        "127.0.0.1:50051",
        "https://user-svc:50051",
        "http://",
        "http://a:1,,http://b:1",
        "nonsense",
        "http://me:hunter2@user-svc:50051",
        "http://user-svc:50051/path",
        "http://user-svc:50051?a=b",
        "http://user-svc:50051#top",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ] {
        let error = connect(wrong, 1).expect_err(wrong).to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
