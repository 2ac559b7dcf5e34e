//! `GET /v1/feed`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use chassis::errors::{ErrorCode, Failure};
use chassis::http_server::AnswerLimit;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use transcoder::problem::{Problem, Violation};
use uuid::Uuid;

use super::Feed;
use super::hub::Refusal;
use super::stream::{FeedStream, Format};
use crate::problems;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Asks nginx and its like not to hold back what should arrive now.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// When to come back where all places are taken.
const FULL_DELAY: Duration = Duration::from_secs(5);

/// How long a reader may take for the last of it.
const FAREWELL_LIMIT: Duration = Duration::from_secs(30);

/// Streams the events of the signed-in user, as server-sent events or, if asked for, as lines of JSON.
pub(crate) async fn feed(State(feed): State<Feed>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        let violation = Violation::new("query", "is not known here");
        return problems::answer(Problem::invalid(vec![violation]), &parts.headers);
    }
    match open(&feed, &parts.headers).await {
        Ok(response) => response,
        Err(problem) => problems::answer(*problem, &parts.headers),
    }
}

async fn open(feed: &Feed, headers: &HeaderMap) -> Result<Response, Box<Problem>> {
    let claims = feed.verifier.verify_header(headers.get(AUTHORIZATION)).await;
    let claims = claims.map_err(problems::of_token)?;
    // Some clients send an empty id, or one of another service behind the same name: that is no id.
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse::<Uuid>().ok());
    feed.standing.session(headers).await?;
    let mut subscription = feed.hub.subscribe(claims.sub, claims.sid, last).map_err(refused)?;
    // One that ended before the hub knew of this connection.
    if feed.verifier.is_over(claims.sid) {
        return Err(problems::of(ErrorCode::TokenInvalid).into());
    }
    feed.standing.retain_own(claims.sub, headers, &mut subscription).await;
    let format = Format::wanted(headers.get(ACCEPT));
    let stream = FeedStream {
        subscription,
        format,
        heartbeat: feed.heartbeat,
        expiry: instant(claims.exp),
        shutdown: feed.shutdown.clone(),
    };
    let mut response = Response::new(Body::from_stream(stream.into_chunks()));
    // The stream ends by itself with the token; a reader that takes nothing does not let it.
    let limit = instant(claims.exp).duration_since(Instant::now()) + FAREWELL_LIMIT;
    response.extensions_mut().insert(AnswerLimit(limit));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

fn refused(refusal: Refusal) -> Problem {
    let code = match refusal {
        Refusal::Deleted => return problems::of(ErrorCode::TokenInvalid),
        Refusal::TooManyOfUser => ErrorCode::TooManyRequests,
        Refusal::TooMany => ErrorCode::Overloaded,
    };
    problems::of(Failure::new(code).retry_after(FULL_DELAY))
}

/// The moment of a time in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a token ends by the clock of the machine")]
fn instant(seconds: i64) -> Instant {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
    Instant::now() + time.duration_since(SystemTime::now()).unwrap_or_default()
}
