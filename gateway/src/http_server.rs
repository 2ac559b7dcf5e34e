//! Serves HTTP/1.1 and HTTP/2 on one listener, with the time limits of a public server.

mod stall;

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use self::stall::{StallLimited, StallLimits};
use crate::layers::client_identity::Peer;

/// A client that does not finish its request head in this time is cut off, or idle ones could hold every connection.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(15);
/// A client that does not take its answer in this time is cut off too.
const STALL_LIMITS: StallLimits =
    StallLimits { usual: Duration::from_secs(30), at_stop: Duration::from_secs(1) };

/// Serves until `shutdown`; then running requests have `drain_deadline` to finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    drain_deadline: Duration,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(64 * 1024)
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_concurrent_streams(256)
        .max_header_list_size(16 * 1024);
    let connections = GracefulShutdown::new();
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
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
            continue;
        }
        let service = router.clone().map_request(move |mut request: Request<_>| {
            request.extensions_mut().insert(Peer(peer));
            request
        });
        let stream = TokioIo::new(StallLimited::new(stream, STALL_LIMITS, shutdown.clone()));
        let connection = builder.serve_connection(stream, TowerToHyperService::new(service)).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection ended with an error");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(drain_deadline, connections.shutdown()).await.is_err() {
        tracing::warn!("connections were still open at the drain deadline");
    }
    Ok(())
}
