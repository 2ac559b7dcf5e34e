use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::post;
use bytes::{BufMut as _, Bytes, BytesMut};
use chrono::TimeDelta;
use fitness_proto::fitness::user::v1::WatchEndedSessionsResponse;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::watch as signal;
use tokio_stream::wrappers::WatchStream;

use super::*;
use crate::grpc::client;
use crate::time::timestamp;

const LIMIT: Duration = Duration::from_secs(30);

/// What user-svc says, as bytes on the wire: this crate has no server of that service.
#[derive(Clone)]
struct Teller(signal::Sender<Vec<Uuid>>);

impl Teller {
    fn new() -> Self {
        Self(signal::Sender::new(Vec::new()))
    }

    fn end(&self, session_id: Uuid) {
        self.0.send_modify(|sessions| sessions.push(session_id));
    }

    /// Says all there is, and then each reading; `silent` says nothing at all.
    fn answer(&self, silent: bool) -> Response {
        let says: BoxStream<'static, Result<Bytes, Infallible>> = if silent {
            futures::stream::pending().boxed()
        } else {
            WatchStream::new(self.0.subscribe()).map(|sessions| Ok(frame(&sessions))).boxed()
        };
        let head = Response::builder().header("content-type", "application/grpc");
        head.body(Body::from_stream(says)).unwrap()
    }

    async fn serve(&self, addr: SocketAddr, silent: bool) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let teller = self.clone();
        let handler = post(move || async move { teller.answer(silent) });
        let path = "/fitness.user.v1.EndedSessionService/WatchEndedSessions";
        let router = Router::new().route(path, handler);
        let stop = CancellationToken::new();
        let gone = stop.clone();
        // Of a router on a runtime of its own nothing is left when that is dropped: the connections break.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let listener = listener.into_std().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let serving = axum::serve(listener, router).into_future();
                gone.run_until_cancelled(serving).await;
            });
            runtime.shutdown_background();
        });
        (addr, stop)
    }
}

fn frame(sessions: &[Uuid]) -> Bytes {
    let forget_time = Some(timestamp(Utc::now() + TimeDelta::minutes(16)));
    let session = |id: &Uuid| EndedSession { session_id: id.to_string(), forget_time };
    let message = WatchEndedSessionsResponse { sessions: sessions.iter().map(session).collect() };
    let message = message.encode_to_vec();
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(&message);
    frame.freeze()
}

fn watch(addr: SocketAddr, shutdown: &CancellationToken) -> Arc<EndedSessions> {
    let ended = Arc::new(EndedSessions::default());
    let client = client::connect(&format!("http://{addr}"), 1).unwrap();
    let (watcher, shutdown) = (Arc::clone(&ended), shutdown.clone());
    tokio::spawn(async move { watcher.watch(client, shutdown).await });
    ended
}

async fn until_known(ended: &EndedSessions, session_id: Uuid) {
    let mut changes = ended.changes();
    let known = async {
        while !ended.contains(session_id) {
            changes.changed().await.unwrap();
        }
    };
    timeout(LIMIT, known).await.expect("the end of the session is heard of");
}

#[tokio::test]
async fn what_ended_before_and_what_ends_later_is_heard_of() {
    let (teller, shutdown) = (Teller::new(), CancellationToken::new());
    let [before, later] = [1, 2].map(Uuid::from_u128);
    teller.end(before);
    let (addr, _serving) = teller.serve("127.0.0.1:0".parse().unwrap(), false).await;
    let ended = watch(addr, &shutdown);
    until_known(&ended, before).await;
    assert!(!ended.contains(later));
    teller.end(later);
    until_known(&ended, later).await;
    shutdown.cancel();
}

#[tokio::test]
async fn what_ends_while_user_svc_is_away_is_heard_of_when_it_is_back_and_nothing_is_forgotten() {
    let (teller, shutdown) = (Teller::new(), CancellationToken::new());
    let [before, meanwhile] = [1, 2].map(Uuid::from_u128);
    teller.end(before);
    let (addr, serving) = teller.serve("127.0.0.1:0".parse().unwrap(), false).await;
    let ended = watch(addr, &shutdown);
    until_known(&ended, before).await;
    serving.cancel();
    teller.0.send_modify(Vec::clear);
    teller.end(meanwhile);
    let back = async {
        // Its address is free when the runtime of the first server is gone.
        while TcpListener::bind(addr).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, back).await.unwrap();
    let (_, _serving) = teller.serve(addr, false).await;
    until_known(&ended, meanwhile).await;
    assert!(ended.contains(before));
    shutdown.cancel();
}

#[tokio::test]
async fn a_stream_that_says_nothing_is_given_up() {
    let teller = Teller::new();
    let (addr, _serving) = teller.serve("127.0.0.1:0".parse().unwrap(), true).await;
    let client = client::connect(&format!("http://{addr}"), 1).unwrap();
    let ended = EndedSessions::default();
    let outcome = timeout(LIMIT, ended.follow(client, &mut true)).await.expect("silence is noticed");
    assert!(matches!(outcome, Err(WatchError::Silence)), "{outcome:?}");
}
