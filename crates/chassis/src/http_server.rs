//! Serves HTTP/1.1 and HTTP/2 on one listener, with the limits of a public server.
//!
//! A client may be slow, silent or hostile; what it can hold meanwhile is bounded here, for every port of every service:
//! a place among the connections ([`Places`]), the time until its first head, the time without a request, the time in
//! which it takes an answer ([`AnswerLimit`]), and the frames of HTTP/2 that cost work and carry none
//! ([`guarded::Guarded`]). What a request holds beyond that is the business of who answers it: [`body`] has what is
//! needed to wait for bodies before anything is held.

mod activity;
pub mod body;
mod frames;
pub mod guarded;
pub mod places;
mod stall;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use self::activity::{Activity, Overdue};
use self::guarded::Guarded;
use self::places::{Network, Place, Places};
use self::stall::{StallLimited, StallLimits};

/// A client that does not take its answer in this time is cut off.
const STALL_LIMITS: StallLimits =
    StallLimits { usual: Duration::from_secs(30), at_stop: Duration::from_secs(1) };
/// The longest head that hyper reads; a longer one is answered 431 by hyper itself.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Requests of one connection that may be under way at one time.
const MAX_STREAMS: u32 = 100;

/// What clients may take of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Longest time from the accept, or from the end of the request before, to the end of a request's head.
    pub head: Duration,
    /// Longest time without a request.
    pub idle: Duration,
    /// Longest time in which a client takes an answer that names none with [`AnswerLimit`].
    pub answer: Duration,
    /// Most connections.
    pub connections: usize,
    /// Most connections of one network.
    pub connections_per_network: usize,
}

impl HttpLimits {
    /// Those of a port that the operator's own machines use.
    pub const OPERATIONS: Self = Self {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        answer: Duration::from_secs(30),
        connections: 256,
        connections_per_network: 128,
    };
}

/// The other end of the connection, an extension of every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// In how much time a client has to have taken an answer, an extension of the response. The connection ends with it: the
/// writer of a body that nobody takes is never asked again, so that it could not end by itself.
#[derive(Clone, Copy, Debug)]
pub struct AnswerLimit(pub Duration);

/// A server being put together.
pub struct HttpServer {
    router: Router,
    limits: HttpLimits,
    trusted: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
}

impl HttpServer {
    /// A server of `router`.
    pub fn new(router: Router, limits: HttpLimits) -> Self {
        Self { router, limits, trusted: Arc::new(|_| false) }
    }

    /// Connections of these addresses are those of many clients and count for no network.
    #[must_use]
    pub fn trust(mut self, trusted: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        self.trusted = Arc::new(trusted);
        self
    }

    /// Serves until `shutdown`; then running requests have `drain_deadline` to finish.
    pub async fn serve(
        self,
        listener: TcpListener,
        drain_deadline: Duration,
        shutdown: CancellationToken,
    ) -> std::io::Result<()> {
        let places = Places::new(self.limits.connections, self.limits.connections_per_network);
        let connections = TaskTracker::new();
        loop {
            let (stream, peer) = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors and the like: it passes, and giving up would be worse.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let address = peer.ip().to_canonical();
            let network = (!(self.trusted)(address)).then(|| Network::of(address));
            let Some(place) = places.take(network, 1) else {
                tracing::debug!("a connection too many was closed");
                continue;
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection was gone before it was served");
                continue;
            }
            let connection =
                connection(stream, peer, place, self.router.clone(), self.limits, shutdown.clone());
            connections.spawn(connection);
        }
        drop(listener);
        connections.close();
        if tokio::time::timeout(drain_deadline, connections.wait()).await.is_err() {
            tracing::warn!("connections were still open at the drain deadline");
        }
        Ok(())
    }
}

/// Serves one connection to its end.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    _place: Place,
    router: Router,
    limits: HttpLimits,
    shutdown: CancellationToken,
) {
    let activity = Activity::new(limits);
    let service = tower::service_fn({
        let activity = activity.clone();
        move |request: Request<Incoming>| {
            let (router, active) = (router.clone(), activity.begin());
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            async move {
                let Ok(response) = router.oneshot(request).await;
                Ok::<_, Infallible>(active.answer(response))
            }
        }
    });
    let stream = Guarded::new(StallLimited::new(stream, STALL_LIMITS, shutdown.clone()));
    let builder = builder(limits);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = pin!(served);
    let mut stopping = false;
    loop {
        tokio::select! {
            outcome = &mut served => {
                if let Err(error) = outcome {
                    tracing::debug!(error, "a connection ended with an error");
                }
                return;
            }
            overdue = activity.overdue() => match overdue {
                // Whoever is about to send a request is told by this that it will not be taken.
                Overdue::Idle => served.as_mut().graceful_shutdown(),
                Overdue::Client => {
                    tracing::debug!("a connection was closed: its client did not keep to the time");
                    return;
                }
            },
            () = shutdown.cancelled(), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder(limits: HttpLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD_BYTES)
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .max_send_buf_size(128 * 1024)
        .max_header_list_size(16 * 1024);
    builder
}
