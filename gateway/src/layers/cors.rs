//! Which pages of other origins may call the API (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

use std::str::FromStr;
use std::time::Duration;

use http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};
use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

/// How long a browser remembers what it may do.
const MAX_AGE: Duration = Duration::from_hours(1);

/// The origins whose pages may call the API; none as long as the application comes from the gateway itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsOrigins(Vec<HeaderValue>);

/// A text that names no origins.
#[derive(Debug, thiserror::Error)]
#[error("has to be origins such as https://app.example.com, separated by commas, without a path")]
pub struct OriginError;

impl FromStr for CorsOrigins {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(origin).collect::<Result<_, _>>().map(Self)
    }
}

fn origin(text: &str) -> Result<HeaderValue, OriginError> {
    let url: Url = text.parse().map_err(|_| OriginError)?;
    let origin = url.origin().ascii_serialization();
    let is_web = matches!(url.scheme(), "http" | "https");
    if !is_web || origin != text.trim_end_matches('/') {
        return Err(OriginError);
    }
    HeaderValue::from_str(&origin).map_err(|_| OriginError)
}

impl CorsOrigins {
    /// The layer that answers the questions of browsers. Tokens travel in a header, so credentials are not needed.
    pub(super) fn layer(&self) -> CorsLayer {
        let header = HeaderName::from_static;
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.0.iter().cloned()))
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                ACCEPT,
                AUTHORIZATION,
                CONTENT_TYPE,
                IF_MATCH,
                IF_NONE_MATCH,
                header("idempotency-key"),
                header("last-event-id"),
                header("x-request-id"),
            ])
            .expose_headers([ALLOW, ETAG, LOCATION, RETRY_AFTER, header("x-request-id")])
            .max_age(MAX_AGE)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        let origins: CorsOrigins = "https://app.example.com, http://127.0.0.1:5173".parse().unwrap();
        assert_eq!(origins.0, ["https://app.example.com", "http://127.0.0.1:5173"]);
        assert!("".parse::<CorsOrigins>().unwrap().is_empty());
        for text in
            ["*", "null", "app.example.com", "https://a.example/path", "file:///x", "https://a@b.example"]
        {
            assert!(text.parse::<CorsOrigins>().is_err(), "{text}");
        }
    }
}
