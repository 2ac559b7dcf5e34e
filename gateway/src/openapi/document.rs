//! `GET /openapi.json`: a large text that seldom changes.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

/// The document in the forms in which it is answered.
pub(crate) struct Document {
    plain: Bytes,
    /// Made when it is asked for first: a start need not wait for it.
    gzip: OnceLock<Bytes>,
    hash: String,
}

impl Document {
    /// The document of that text.
    pub(crate) fn new(plain: Bytes) -> Self {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&plain)[..16]);
        Self { plain, gzip: OnceLock::new(), hash }
    }

    /// The packed form; nothing if it cannot be made.
    fn gzip(&self) -> Option<Bytes> {
        if let Some(packed) = self.gzip.get() {
            return Some(packed.clone());
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&self.plain).ok()?;
        let packed = Bytes::from(encoder.finish().ok()?);
        Some(self.gzip.get_or_init(|| packed).clone())
    }
}

pub(crate) async fn serve(State(document): State<Arc<Document>>, headers: HeaderMap) -> Response {
    let packed = if takes_gzip(&headers) { document.gzip() } else { None };
    // Two forms are two representations, each with a tag of its own (RFC 9110, section 8.8.3.3).
    let etag = format!("\"{}{}\"", document.hash, if packed.is_some() { "-gzip" } else { "" });
    let unchanged =
        texts(&headers, IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag);
    let encoding = packed.is_some();
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, "application/json")], packed.unwrap_or_else(|| document.plain.clone()))
            .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::from_str(&etag).expect("base64 is ASCII"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if encoding && !unchanged {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    texts(headers, ACCEPT_ENCODING).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case("gzip") && quality.is_ok_and(|quality| quality > 0.0)
    })
}

/// The members of a header that is a list.
fn texts(headers: &HeaderMap, name: http::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
