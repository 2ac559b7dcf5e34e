//! How much is done and held at one time, in all and for one network.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chassis::http_server::body::{self, BodyError, BodyRate};
use chassis::http_server::places::{Network, Place, Places};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use transcoder::problem::Problem;

use super::client_identity::ClientNetwork;
use crate::problems;

/// What all bodies that are arriving may have together, and those of one network.
const ARRIVING_BYTES: usize = 64 * 1024 * 1024;
const ARRIVING_BYTES_PER_NETWORK: usize = 8 * 1024 * 1024;

/// The bodies of calls that are on their way.
#[derive(Clone, Debug)]
pub(super) struct Arriving {
    room: Places,
    max_body_bytes: usize,
}

impl Arriving {
    pub(super) fn new(max_body_bytes: usize) -> Self {
        let share = ARRIVING_BYTES_PER_NETWORK.max(4 * max_body_bytes);
        Self { room: Places::new(ARRIVING_BYTES.max(share), share), max_body_bytes }
    }
}

/// Waits for the body, and hands the request on with all of it in memory. Of one that is too long it hands on as much as
/// shows that: a path that does not exist is still what the client hears of first.
pub(super) async fn body_first(State(arriving): State<Arriving>, request: Request, next: Next) -> Response {
    let network = network(&request);
    let (head, body) = request.into_parts();
    if announced(&head.headers).is_some_and(|length| length > arriving.max_body_bytes as u64) {
        return next.run(Request::from_parts(head, Body::empty())).await;
    }
    let Some(mut room) = arriving.room.take(network, 0) else { return overloaded(&head.headers) };
    match body::collect(body, arriving.max_body_bytes, BodyRate::USUAL, &mut room).await {
        Ok(body) => next.run(Request::from_parts(head, Body::from(body))).await,
        Err(BodyError::NoRoom) => overloaded(&head.headers),
        Err(BodyError::Slow) => {
            let detail = "The body did not arrive in time.";
            let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", detail);
            problems::answer(problem, &head.headers)
        }
        Err(BodyError::Broken) => {
            let detail = "The body broke off before its end.";
            problems::answer(Problem::new(StatusCode::BAD_REQUEST, "BODY_INCOMPLETE", detail), &head.headers)
        }
    }
}

/// A call holds its place until its answer is made. The answer is in memory by then, and how fast the client takes it is
/// no matter of the place.
pub(super) async fn calls(State(places): State<Places>, request: Request, next: Next) -> Response {
    match places.take(network(&request), 1) {
        Some(_place) => next.run(request).await,
        None => overloaded(request.headers()),
    }
}

/// A file holds its place until its last byte. How long that takes at most is up to the file; the connection ends then.
pub(super) async fn transfers(State(places): State<Places>, request: Request, next: Next) -> Response {
    match places.take(network(&request), 1) {
        Some(place) => next.run(request).await.map(|body| held(body, place)),
        None => overloaded(request.headers()),
    }
}

/// The body with a place that is free when it is gone.
fn held(body: Body, place: Place) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _held = &place;
        frame
    }))
}

fn network(request: &Request) -> Option<Network> {
    request.extensions().get::<ClientNetwork>().and_then(|network| network.0)
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn overloaded(headers: &HeaderMap) -> Response {
    let detail = "The server is busy. Try again shortly.";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED", detail);
    problems::answer(problem.with_retry_after(Duration::from_secs(1)), headers)
}
