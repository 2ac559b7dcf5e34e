//! The layers around every request, stacked on one page.

pub(crate) mod client_identity;
mod observe;
mod request_id;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use futures::FutureExt as _;
use http::StatusCode;
use tokio::sync::Semaphore;
use transcoder::Transcoder;
use transcoder::problem::Problem;

pub(crate) use self::request_id::of as request_id;
use crate::config::GatewayConfig;
use crate::problems;
use crate::routes::Routes;

/// Wraps the routes. Each `layer` wraps what stands above it, so a request meets them from the last line to the first.
pub(crate) fn wrap(routes: Routes, transcoder: Transcoder, config: &GatewayConfig) -> Router {
    let permits = Arc::new(Semaphore::new(config.max_concurrent_requests));
    routes
        .calls
        // Innermost: the transcoder ends calls at their deadline by itself; this catches whatever forgets to.
        .layer(from_fn_with_state(config.max_timeout + Duration::from_secs(1), time_limit))
        // Files take as long as their clients' lines are slow; they may not pause for long.
        .merge(routes.files)
        // Before any work is done; a refused request still has its id, span and metric.
        .layer(from_fn_with_state(permits, concurrency_limit))
        // Feeds are there to stay open and have a limit of their own.
        .merge(routes.feed)
        // Before anything that may pass headers on.
        .layer(from_fn_with_state(config.trusted_proxies.clone(), client_identity::client_identity))
        // Inside `observe`, so that a panic counts as a 500 there.
        .layer(from_fn(catch_panic))
        // Inside `request_id`, so that the span carries the id.
        .layer(from_fn_with_state(transcoder, observe::observe))
        // Outermost: every answer has an id, whoever made it.
        .layer(from_fn(request_id::request_id))
}

async fn time_limit(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let outcome = tokio::time::timeout(limit, next.run(request)).await;
    outcome.unwrap_or_else(|_elapsed| problems::answer(Problem::deadline_exceeded(), &headers))
}

async fn concurrency_limit(State(permits): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let Ok(_permit) = permits.try_acquire() else {
        let problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "OVERLOADED",
            "The server is busy. Try again shortly.",
        );
        return problems::answer(problem.with_retry_after(Duration::from_secs(1)), request.headers());
    };
    next.run(request).await
}

async fn catch_panic(request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    outcome.unwrap_or_else(|_panic| {
        // The panic hook has printed message and place; neither belongs to the client.
        tracing::error!("a request handler panicked");
        problems::answer(Problem::internal(), &headers)
    })
}
