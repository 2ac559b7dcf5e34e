//! From a gRPC status with `google.rpc` details to a problem.

use std::error::Error;

use http::StatusCode;
use tonic::{Code, Status, TimeoutExpired};
use tonic_types::StatusExt as _;

use super::{Problem, Violation};

/// 499, which nginx uses for a caller that went away; the `http` crate has no constant for it.
pub fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).expect("499 is in the range of statuses")
}

/// The HTTP status of a gRPC code.
pub fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => client_closed_request(),
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        // google.rpc maps FAILED_PRECONDITION to 400. But the request is a good one and the state of the thing is what
        // stands against it, which RFC 9110 calls a conflict.
        Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The name of a gRPC code as `google.rpc.Code` spells it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

impl From<&Status> for Problem {
    /// `ErrorInfo` gives the code, `BadRequest` the violations, `RetryInfo` the `Retry-After`.
    ///
    /// A status that came over the wire has no source; one with a source was made on this side of the connection, and
    /// means that the backend could not be reached or went away. Its text names addresses and is not shown.
    fn from(status: &Status) -> Self {
        if let Some(source) = status.source() {
            return if is_timeout(source) { Self::deadline_exceeded() } else { Self::unavailable() };
        }
        let details = status.get_error_details();
        let mut problem = match status.code() {
            // What went wrong inside is for the log; the text may quote anything.
            Code::Internal | Code::Unknown | Code::DataLoss => Self::internal(),
            code => Self::new(http_status(code), code_name(code), detail(status)),
        };
        if let Some(info) = details.error_info()
            && !info.reason.is_empty()
        {
            problem.code = info.reason.clone().into();
        }
        if let Some(request) = details.bad_request() {
            problem.violations = request
                .field_violations
                .iter()
                .map(|violation| Violation::new(violation.field.clone(), violation.description.clone()))
                .collect();
        }
        if let Some(delay) = details.retry_info().and_then(|info| info.retry_delay) {
            problem.retry_after = Some(delay);
        }
        problem
    }
}

/// Whether a timeout of the transport itself is behind an error.
fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    error.is::<TimeoutExpired>() || error.source().is_some_and(is_timeout)
}

fn detail(status: &Status) -> String {
    if status.message().is_empty() {
        return code_name(status.code()).to_owned();
    }
    status.message().to_owned()
}
