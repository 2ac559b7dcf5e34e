//! A gRPC server that stands in for a service: it remembers what it was asked and answers what the test wants.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use fitness_proto::fitness::user::v1::file_service_server::FileServiceServer;
use http::HeaderMap;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::Server;

use crate::files::Album;

/// A unary call that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) message: Bytes,
}

/// An encoded message or a status by the path of the RPC.
type Answers = HashMap<&'static str, Result<Vec<u8>, Status>>;

/// What the server shares with the test.
#[derive(Clone)]
pub(crate) struct Script {
    answers: Arc<Mutex<Answers>>,
    calls: Arc<Mutex<Vec<Call>>>,
    hanging: Arc<watch::Sender<bool>>,
    pub(crate) album: Album,
}

/// A stand-in for a service, at one address for all its lives.
pub(crate) struct Backend {
    pub(crate) addr: SocketAddr,
    pub(crate) script: Script,
    running: Option<(CancellationToken, JoinHandle<()>)>,
}

impl Backend {
    /// Starts on a free port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let script = Script {
            answers: Arc::default(),
            calls: Arc::default(),
            hanging: Arc::new(watch::Sender::new(false)),
            album: Album::default(),
        };
        let mut backend = Self { addr: listener.local_addr().unwrap(), script, running: None };
        backend.serve(listener).await;
        backend
    }

    /// Starts again where it was.
    pub(crate) async fn restart(&mut self) {
        let listener = TcpListener::bind(self.addr).await.unwrap();
        self.serve(listener).await;
    }

    /// Stops; connections are refused from now on.
    pub(crate) async fn stop(&mut self) {
        let (shutdown, running) = self.running.take().unwrap();
        shutdown.cancel();
        running.await.unwrap();
    }

    async fn serve(&mut self, listener: TcpListener) {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", tonic_health::ServingStatus::Serving).await;
        let mut services = Routes::builder();
        services.add_service(health).add_service(FileServiceServer::new(self.script.album.clone()));
        let script = self.script.clone();
        let answer = move |request| answer(script.clone(), request);
        let router = services.routes().into_axum_router().fallback(answer);
        let hanging = self.script.hanging.subscribe();
        let router = router.layer(from_fn_with_state(hanging, hang));
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let running = tokio::spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            let server =
                Server::builder().http2_max_header_list_size(32 * 1024).add_routes(Routes::from(router));
            server.serve_with_incoming_shutdown(incoming, stop.cancelled()).await.unwrap();
        });
        self.running = Some((shutdown, running));
    }
}

impl Script {
    /// From now on calls of this RPC are answered so; without an answer they get an empty message.
    pub(crate) fn answer<M: Message>(&self, path: &'static str, answer: Result<M, Status>) {
        self.answers.lock().unwrap().insert(path, answer.map(|message| message.encode_to_vec()));
    }

    /// The last call of this RPC.
    pub(crate) fn last_call(&self, path: &str) -> Option<Call> {
        self.calls.lock().unwrap().iter().rev().find(|call| call.path == path).cloned()
    }

    /// Takes calls and answers none, as a stopped process does; `false` answers them all.
    pub(crate) fn hang(&self, hanging: bool) {
        self.hanging.send_replace(hanging);
    }
}

async fn hang(State(mut hanging): State<watch::Receiver<bool>>, request: Request, next: Next) -> Response {
    hanging.wait_for(|hanging| !hanging).await.unwrap();
    next.run(request).await
}

async fn answer(script: Script, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    // A frame has a flag and a length in front.
    let call = Call { path: head.uri.path().to_owned(), headers: head.headers, message: body.slice(5..) };
    let answer = script.answers.lock().unwrap().get(&*call.path).cloned();
    script.calls.lock().unwrap().push(call);
    match answer.unwrap_or_else(|| Ok(Vec::new())) {
        Err(status) => status.into_http(),
        Ok(message) => {
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            Response::builder()
                .header("content-type", "application/grpc")
                // A response with its status in the head needs no trailers.
                .header("grpc-status", "0")
                .body(Body::from([&[0], &length[..], &message].concat()))
                .unwrap()
        }
    }
}
