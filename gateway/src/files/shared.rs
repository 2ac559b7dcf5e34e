//! Paths that the gateway and the transcoder answer together, each for methods of its own.

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use tower::ServiceExt as _;
use transcoder::Transcoder;

/// The transcoder behind a path of which the gateway answers one method.
#[derive(Clone)]
pub(crate) struct Other {
    pub(crate) transcoder: Transcoder,
    pub(crate) own: Method,
}

/// Leaves the request to the transcoder, and adds our own method to those that it says are allowed.
pub(crate) async fn other_method(State(other): State<Other>, request: Request) -> Response {
    let options = request.method() == Method::OPTIONS;
    let Ok(mut response) = other.transcoder.oneshot(request).await;
    let is_here = options && response.status().is_success();
    if is_here || response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let theirs = response.headers().get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
        let mut methods: Vec<_> =
            theirs.split(',').map(str::trim).filter(|method| !method.is_empty()).collect();
        methods.push(other.own.as_str());
        if other.own == Method::GET {
            methods.push(Method::HEAD.as_str());
        }
        methods.sort_unstable();
        methods.dedup();
        let allow = HeaderValue::from_str(&methods.join(", ")).expect("names of methods are tokens");
        response.headers_mut().insert(ALLOW, allow);
    }
    response.into_response()
}
