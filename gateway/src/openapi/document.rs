//! `GET /openapi.json`: a large text that seldom changes.

use std::io::Write as _;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};
use transcoder::Problem;

use super::coding::Coding;
use crate::problems;

/// How hard brotli tries, of 11: a seventh of the text in some milliseconds. The last steps take seconds.
const BROTLI_QUALITY: u32 = 5;
/// The binary logarithm of brotli's window, the largest that all decoders take.
const BROTLI_WINDOW: u32 = 22;

/// The document in the forms in which it is answered.
pub(crate) struct Document {
    plain: Bytes,
    /// The packed forms are made when they are asked for first: a start need not wait for them.
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
    hash: String,
}

impl Document {
    /// The document of that text.
    pub(crate) fn new(plain: Bytes) -> Self {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&plain)[..16]);
        Self { plain, gzip: OnceLock::new(), brotli: OnceLock::new(), hash }
    }

    /// The document in a coding. The first time it takes a while.
    fn coded(&self, coding: Coding) -> Bytes {
        match coding {
            Coding::Identity => self.plain.clone(),
            Coding::Gzip => self.gzip.get_or_init(|| gzip(&self.plain)).clone(),
            Coding::Brotli => self.brotli.get_or_init(|| brotli(&self.plain)).clone(),
        }
    }
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything").into()
}

fn brotli(plain: &[u8]) -> Bytes {
    let mut encoder = CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(plain).expect("a vector takes everything");
    encoder.into_inner().into()
}

pub(crate) async fn serve(State(document): State<Arc<Document>>, headers: HeaderMap) -> Response {
    let Some(coding) = Coding::wanted(&headers) else {
        let detail = "Accept-Encoding refuses every form that there is: br, gzip, identity.";
        let problem = Problem::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", detail);
        let mut response = problems::answer(problem, &headers);
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        return response;
    };
    // Each form is a representation with a tag of its own (RFC 9110, section 8.8.3.3).
    let suffix = coding.name().map_or_else(String::new, |name| format!("-{name}"));
    let etag = format!("\"{}{suffix}\"", document.hash);
    let unchanged =
        texts(&headers, IF_NONE_MATCH).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let coded = tokio::task::spawn_blocking(move || document.coded(coding)).await;
        ([(CONTENT_TYPE, "application/json")], coded.expect("packing does not panic and is never aborted"))
            .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::from_str(&etag).expect("base64 is ASCII"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(name) = coding.name().filter(|_| !unchanged) {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    response
}

/// The members of a header that is a list.
fn texts(headers: &HeaderMap, name: http::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
