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
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::http_server::{HttpLimits, HttpServer};
use crate::telemetry;

/// How long an answer that is on its way may take at a stop.
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);

/// `/livez`, `/readyz` and `/health`, for the operator's port and for the gateway's public one.
pub fn health_routes(health: Health) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/health", get(summary))
        .with_state(health)
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

/// Readiness in a word, for whoever is not to know what a service depends on.
async fn summary(State(health): State<Health>) -> Response {
    let (status, word) = if health.report().ready {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    (status, Json(json!({ "status": word }))).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    let text = telemetry::metrics_text(health_metrics::families(&health.report()));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Need;

    #[tokio::test]
    async fn health_is_a_word_and_names_nothing() {
        let health = Health::default();
        let database = health.dependency("postgres", Need::Required);
        for (up, status, text) in
            [(false, 503, r#"{"status":"unavailable"}"#), (true, 200, r#"{"status":"ok"}"#)]
        {
            if up {
                database.up();
            }
            let answer = summary(State(health.clone())).await;
            assert_eq!(answer.status(), status);
            assert_eq!(axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap(), text);
        }
    }
}
