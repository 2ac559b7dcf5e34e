//! What every answer says to caches and browsers where it does not say it itself.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};

/// The keys by which tokens are verified: public, and asked for by everybody.
const KEY_SET: &str = "/.well-known/jwks.json";

/// What is not a page runs nothing and stands in no frame.
const DEFAULTS: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// Answers are a person's own unless they say otherwise, so nobody keeps them.
pub(super) async fn answer_headers(request: Request, next: Next) -> Response {
    let is_key_set = request.uri().path() == KEY_SET;
    let mut response = next.run(request).await;
    let caching =
        if is_key_set && response.status().is_success() { "public, max-age=60" } else { "no-store" };
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(caching));
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
