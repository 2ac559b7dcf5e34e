//! The id under which a request is found in answers and logs.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Keeps the caller's id if it is harmless, else makes one; the answer carries it back.
pub(super) async fn request_id(mut request: Request, next: Next) -> Response {
    let id = match request.headers().get(&HEADER).filter(|id| is_harmless(id.as_bytes())) {
        Some(id) => id.clone(),
        None => HeaderValue::from_str(&Uuid::now_v7().to_string()).expect("a UUID is ASCII"),
    };
    request.headers_mut().insert(HEADER, id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER, id);
    response
}

/// The id of a request that went through [`request_id`].
pub(crate) fn of(headers: &HeaderMap) -> Option<String> {
    headers.get(&HEADER)?.to_str().ok().map(str::to_owned)
}

/// Ids end up in logs, so they are short and have nothing that a log reader could trip over.
fn is_harmless(id: &[u8]) -> bool {
    (1..=64).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_confuse_a_log_are_replaced() {
        assert!(is_harmless(b"0190b2c4-aaaa_bbbb.1"));
        for id in ["", "a b", "a\u{1b}[31m", "a@example.org", &"x".repeat(65)] {
            assert!(!is_harmless(id.as_bytes()), "{id:?}");
        }
    }
}
