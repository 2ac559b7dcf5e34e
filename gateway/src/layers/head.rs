//! Refuses heads that are too long to be passed on, and those that say two things at once.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use http::header::{AUTHORIZATION, HOST};
use transcoder::problem::Problem;

use crate::problems;

/// The services take twice as much, which leaves room for what is added on the way.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// What a header costs beside its bytes (RFC 9113, section 6.5.2).
const HEADER_OVERHEAD: usize = 32;
const MAX_URI_BYTES: usize = 8 * 1024;

pub(super) async fn head(request: Request, next: Next) -> Response {
    match check(&request) {
        None => next.run(request).await,
        Some(problem) => problems::answer(problem, request.headers()),
    }
}

fn check(request: &Request) -> Option<Problem> {
    let (uri, headers) = (request.uri(), request.headers());
    let size = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + HEADER_OVERHEAD
    };
    if headers.iter().map(size).sum::<usize>() > MAX_HEADER_BYTES {
        let detail = format!("The headers may have at most {MAX_HEADER_BYTES} bytes.");
        return Some(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "HEAD_TOO_LARGE", detail));
    }
    if uri.path_and_query().is_some_and(|path| path.as_str().len() > MAX_URI_BYTES) {
        let detail = format!("The address may have at most {MAX_URI_BYTES} bytes.");
        return Some(Problem::new(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", detail));
    }
    // Proxies in front may have believed the other one (RFC 9112, section 3.2; RFC 9113, section 8.3.1).
    let repeated = |name| headers.get_all(name).iter().nth(1).is_some();
    let differs = uri.authority().zip(headers.get(HOST)).is_some_and(|(authority, host)| {
        !authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes())
    });
    if repeated(AUTHORIZATION) || repeated(HOST) || differs {
        let detail = "Authorization and Host may be there once.";
        return Some(Problem::new(StatusCode::BAD_REQUEST, "HEADER_REPEATED", detail));
    }
    None
}
