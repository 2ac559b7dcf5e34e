//! Problem documents (RFC 9457): the one shape of every error answer.

mod status;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::{Serialize, Serializer};

use crate::body::{self, Body};

pub use self::status::{client_closed_request, code_name, http_status};

/// Media type of a problem document.
pub const CONTENT_TYPE_PROBLEM: &str = "application/problem+json";

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Path of the field as the client has sent it, for example `address.lines[2]`.
    pub field: String,
    /// Reason, free of values from the request, since those may be secrets.
    pub description: Cow<'static, str>,
}

impl Violation {
    /// Names a field and says what is wrong with it.
    pub fn new(field: impl Into<String>, description: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

/// An error as clients see it.
///
/// The gateway around the transcoder builds its own errors (limits, panics) with it too, so that all look alike.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    type_uri: &'static str,
    title: &'static str,
    #[serde(serialize_with = "serialize_status")]
    status: StatusCode,
    detail: Cow<'static, str>,
    code: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    #[serde(skip)]
    retry_after: Option<Duration>,
    /// A header that belongs to the status.
    #[serde(skip)]
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// Starts a problem; `code` is the stable word that programs compare, `detail` a sentence for people.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            // RFC 9457, 4.2.1: "about:blank" says that the title is the status phrase; `code` tells cases apart.
            type_uri: "about:blank",
            title: title(status),
            status,
            detail: detail.into(),
            code: code.into(),
            request_id: None,
            violations: Vec::new(),
            retry_after: None,
            header: None,
        }
    }

    /// A 400 that names the fields at fault.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "The request breaks a rule; see violations.")
            .with_violations(violations)
    }

    /// A 415 for a body that is compressed or otherwise encoded; none if these headers announce none.
    pub fn unsupported_encoding(headers: &HeaderMap) -> Option<Self> {
        let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        if headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
            return None;
        }
        let detail = "The body must come as it is, without a content encoding such as gzip.";
        let problem = Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", detail);
        // RFC 9110, 15.5.16: this is how a client tells a wrong coding from a wrong type.
        Some(Self { header: Some((ACCEPT_ENCODING, HeaderValue::from_static("identity"))), ..problem })
    }

    /// A 404 for a path without a route.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is nothing at this path.")
    }

    /// A 404 for a path that ends in a custom verb that is none there, with those that are.
    pub(crate) fn unknown_verb(verbs: &[&str]) -> Self {
        let detail = match verbs {
            [] => "Nothing can be done to this by a verb behind a colon.".to_owned(),
            verbs => format!("This cannot be done here. What can be done: :{}.", verbs.join(", :")),
        };
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", detail)
    }

    /// A 504 for an answer that did not come in time.
    pub fn deadline_exceeded() -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "DEADLINE_EXCEEDED",
            "The deadline passed before there was an answer.",
        )
    }

    /// A 503 for a backend that cannot be reached, which is worth another try soon.
    pub fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "DEPENDENCY_UNAVAILABLE",
            "The service is not available right now.",
        )
        .with_retry_after(Duration::from_secs(1))
    }

    /// A 500 that says nothing about its cause.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Something went wrong on our side.")
    }

    /// Adds the fields at fault.
    #[must_use]
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations = violations;
        self
    }

    /// Names the fields at fault anew.
    #[must_use]
    pub(crate) fn map_violations(mut self, map: impl FnOnce(Vec<Violation>) -> Vec<Violation>) -> Self {
        self.violations = map(self.violations);
        self
    }

    /// Adds the id under which the request is found in logs and traces.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// Adds `Retry-After`; fractions of a second are rounded up.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Adds `Allow`, which a 405 has to have.
    #[must_use]
    pub fn with_allow(mut self, allow: HeaderValue) -> Self {
        self.header = Some((ALLOW, allow));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable word for this kind of error.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The fields at fault.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How long the client should wait before it tries again.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The document itself.
    pub fn to_json(&self) -> Bytes {
        serde_json::to_vec(self).expect("a problem has only strings and numbers").into()
    }

    /// The complete HTTP answer, headers included.
    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::new(body::full(self.to_json()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE_PROBLEM));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(delay) = self.retry_after {
            let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        response
    }
}

fn title(status: StatusCode) -> &'static str {
    if status == client_closed_request() {
        return "Client Closed Request";
    }
    status.canonical_reason().unwrap_or("Error")
}

#[allow(clippy::trivially_copy_pass_by_ref)] // The signature is serde's.
fn serialize_status<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
