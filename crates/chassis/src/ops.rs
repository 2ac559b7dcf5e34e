//! The operator's port of a service: `/livez`, `/readyz`, `/metrics`.

mod health_metrics;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::http_server::{HttpLimits, HttpServer};
use crate::telemetry;

/// How long an answer that is on its way may take at a stop.
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);

/// `/livez` and `/readyz`, for the operator's port and for the gateway's public one.
pub fn health_routes(health: Health) -> Router {
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).with_state(health)
}

/// Everything on the operator's port.
pub fn routes(health: Health) -> Router {
    let metrics = Router::new().route("/metrics", get(metrics)).with_state(health.clone());
    health_routes(health).merge(metrics)
}

/// Serves `routes` until `shutdown`. It goes last, so that probes can watch a service drain.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    HttpServer::new(routes, HttpLimits::OPERATIONS).serve(listener, DRAIN_DEADLINE, shutdown).await
}

/// Binds a listener and says what to do where that fails.
pub async fn bind(addr: SocketAddr, setting: &str) -> Result<TcpListener, BindError> {
    let bound = TcpListener::bind(addr).await;
    bound.map_err(|source| BindError { addr, setting: setting.to_owned(), source })
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {addr}; stop what is using it or set {setting} to another address (port 0 picks one)"
)]
pub struct BindError {
    addr: SocketAddr,
    setting: String,
    source: std::io::Error,
}

async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(health): State<Health>) -> Response {
    let report = health.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    let text = telemetry::metrics_text(health_metrics::families(&health.report()));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
