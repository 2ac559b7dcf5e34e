//! The layers around every request, stacked on one page.

mod answer_headers;
pub(crate) mod client_identity;
pub(crate) mod cors;
mod head;
mod limits;
mod observe;
mod request_id;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use chassis::http_server::places::Places;
use futures::FutureExt as _;
use transcoder::Transcoder;
use transcoder::problem::Problem;

pub(crate) use self::request_id::of as request_id;
use crate::config::GatewayConfig;
use crate::problems;
use crate::routes::Routes;

/// Wraps the routes. Each `layer` wraps what stands above it, so a request meets them from the last line to the first.
pub(crate) fn wrap(routes: Routes, transcoder: Transcoder, config: &GatewayConfig) -> Router {
    let requests = Places::new(config.max_concurrent_requests, config.max_requests_per_network);
    let transfers = Places::new(config.max_file_transfers, config.max_file_transfers.div_ceil(4));
    let wrapped = routes
        .calls
        // Innermost: the transcoder ends calls at their deadline by itself; this catches whatever forgets to.
        .layer(from_fn_with_state(config.max_timeout + Duration::from_secs(1), time_limit))
        // Before any work is done; a refused request still has its id, span and metric.
        .layer(from_fn_with_state(requests, limits::calls))
        // Before the place is taken: nobody's slowness takes the places of others.
        .layer(from_fn_with_state(limits::Arriving::new(config.max_body_bytes), limits::body_first))
        // Files take as long as their clients' lines are slow, so they have places of their own, to their last byte.
        .merge(routes.files.layer(from_fn_with_state(transfers, limits::transfers)))
        // Feeds are there to stay open and have a limit of their own.
        .merge(routes.feed)
        // Before anything that may pass headers on.
        .layer(from_fn_with_state(config.trusted_proxies.clone(), client_identity::client_identity))
        // Before anything that may believe one of two.
        .layer(from_fn(head::head))
        // However busy the gateway is, who watches it is answered.
        .merge(routes.health)
        // Inside `observe`, so that a panic counts as a 500 there.
        .layer(from_fn(catch_panic))
        // Inside `request_id`, so that the span carries the id.
        .layer(from_fn_with_state(transcoder, observe::observe))
        // Outside of whatever answers, panics included.
        .layer(from_fn(answer_headers::answer_headers))
        // Outermost: every answer has an id, whoever made it.
        .layer(from_fn(request_id::request_id));
    // Questions of browsers are answered before they are requests.
    if config.cors_origins.is_empty() { wrapped } else { wrapped.layer(config.cors_origins.layer()) }
}

async fn time_limit(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let outcome = tokio::time::timeout(limit, next.run(request)).await;
    outcome.unwrap_or_else(|_elapsed| problems::answer(Problem::deadline_exceeded(), &headers))
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
