//! Problems that the gateway answers by itself.

use axum::response::{IntoResponse as _, Response};
use chassis::errors::{ErrorCode, Failure};
use http::HeaderMap;
use tonic::Status;
use transcoder::problem::Problem;

use crate::layers;

/// The complete answer, with the id under which the request is found.
pub(crate) fn answer(problem: Problem, headers: &HeaderMap) -> Response {
    let problem = match layers::request_id(headers) {
        Some(id) => problem.with_request_id(id),
        None => problem,
    };
    problem.into_response().into_response()
}

/// The problem of one of our error codes.
pub(crate) fn of(failure: impl Into<Failure>) -> Problem {
    Problem::from(&Status::from(failure.into()))
}

/// What is wrong with a token, or with the way to find out.
pub(crate) fn of_token(code: ErrorCode) -> Problem {
    let failure = Failure::new(code);
    match code {
        ErrorCode::DependencyUnavailable => of(failure.retry_after(std::time::Duration::from_secs(2))),
        _ => of(failure),
    }
}
