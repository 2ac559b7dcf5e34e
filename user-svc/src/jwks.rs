//! `/.well-known/jwks.json`: the public keys by which everybody verifies our access tokens (RFC 7517).

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use axum::routing::get;
use jsonwebtoken::jwk::JwkSet;

/// The route that answers the key set.
pub(crate) fn routes(key_set: &JwkSet) -> axum::Router {
    let document = serde_json::to_string(key_set).expect("a key set is plain strings");
    let headers = [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "public, max-age=300")];
    let answer = move || {
        let document = document.clone();
        async move { (headers, document).into_response() }
    };
    axum::Router::new().route("/.well-known/jwks.json", get(answer))
}
