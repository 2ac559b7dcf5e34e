//! Error codes that clients see, and the failure that carries one over gRPC.
//!
//! A client gets a code, a safe message and, where it helps, the fields at fault or the time to wait; the log gets
//! the chain of causes. The transcoder makes RFC 9457 problem details from the same status.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::database::caused_by_outage;
use crate::lifecycle::chain;

/// The domain in `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "fitness-trainer";

/// When to come back while something that a call depends on is away.
const AWAY_DELAY: Duration = Duration::from_secs(5);

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident, $reason:literal, $grpc:ident, $message:literal;)+) => {
        /// What went wrong, as a client can tell it apart. docs/errors.md lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[doc = $doc])+ $variant,)+ }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code in `ErrorInfo.reason` and in the `code` member of a problem document.
            pub fn reason(self) -> &'static str {
                match self { $(Self::$variant => $reason,)+ }
            }

            /// The gRPC status code; the HTTP status follows from it.
            pub fn grpc(self) -> Code {
                match self { $(Self::$variant => Code::$grpc,)+ }
            }

            /// What the client is told.
            pub fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)+ }
            }
        }
    };
}

error_codes! {
    /// A field of the request breaks a rule; `violations` names it.
    InvalidRequest, "INVALID_REQUEST", InvalidArgument, "the request breaks a rule; see violations";
    /// The one-time code is wrong, used up or expired.
    CodeInvalid, "CODE_INVALID", InvalidArgument, "the code is wrong or no longer valid; ask for a new one";
    /// The token of a link to choose a new password is wrong, used up or expired.
    ResetTokenInvalid, "RESET_TOKEN_INVALID", InvalidArgument, "the link is no longer valid; ask for a new one";
    /// The call needs an access token and has none.
    TokenMissing, "TOKEN_MISSING", Unauthenticated, "this call needs an access token: Authorization: Bearer <token>";
    /// The access token is forged, expired or not of this installation.
    TokenInvalid, "TOKEN_INVALID", Unauthenticated, "the access token is not valid; sign in again";
    /// No account has this address with this password.
    CredentialsInvalid, "CREDENTIALS_INVALID", Unauthenticated, "address or password is wrong";
    /// The password is right, but the address is not verified yet.
    EmailNotVerified, "EMAIL_NOT_VERIFIED", PermissionDenied, "verify the address first with the mailed code";
    /// The signed-in account may not do this.
    PermissionDenied, "PERMISSION_DENIED", PermissionDenied, "this account may not do that";
    /// Nobody would be left to run the installation.
    LastAdmin, "LAST_ADMIN", FailedPrecondition, "this is the last admin; make somebody else one first";
    /// There is no such thing, or it is not the caller's to see.
    NotFound, "NOT_FOUND", NotFound, "there is no such resource";
    /// There is one already, and there can be only one.
    AlreadyExists, "ALREADY_EXISTS", AlreadyExists, "there is one already";
    /// The thing is not in a state in which this can be done to it.
    WrongState, "WRONG_STATE", FailedPrecondition, "this cannot be done to it in its present state";
    /// Too much was asked in too short a time.
    TooManyRequests, "TOO_MANY_REQUESTS", ResourceExhausted, "too many requests; try again later";
    /// There are as many of these as there may be; waiting does not help.
    LimitReached, "LIMIT_REACHED", ResourceExhausted, "there are as many of these as there may be";
    /// The server is at its limit of concurrent work.
    Overloaded, "OVERLOADED", Unavailable, "the server is busy; try again shortly";
    /// Something this call depends on is away.
    DependencyUnavailable, "DEPENDENCY_UNAVAILABLE", Unavailable, "a part of the system is away; try again shortly";
    /// The deadline passed before there was an answer.
    DeadlineExceeded, "DEADLINE_EXCEEDED", DeadlineExceeded, "there was no answer in time";
    /// A defect of ours; the log has the rest under the request id.
    Internal, "INTERNAL", Internal, "something went wrong on our side";
}

/// A field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {description}")]
pub struct Violation {
    /// Path of the field, for example `sets[2].weight_kg`.
    pub field: String,
    /// What is wrong with it, without its value.
    pub description: String,
}

impl Violation {
    /// A violation of `field`.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

/// An error on its way to a client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", code.message())]
pub struct Failure {
    code: ErrorCode,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    reason: Option<Cow<'static, str>>,
    metadata: HashMap<String, String>,
}

impl Failure {
    /// A failure with nothing but its code.
    pub fn new(code: ErrorCode) -> Self {
        Self { code, violations: Vec::new(), retry_after: None, reason: None, metadata: HashMap::new() }
    }

    /// A request with fields that break rules.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self { violations, ..Self::new(ErrorCode::InvalidRequest) }
    }

    /// A request with one field that breaks a rule.
    pub fn invalid_field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::invalid(vec![Violation::new(field, description)])
    }

    /// Something that the call depends on is away.
    pub fn away() -> Self {
        Self::new(ErrorCode::DependencyUnavailable).retry_after(AWAY_DELAY)
    }

    /// What is no fault of the caller: an outage of the database, if one is among the causes of `error`, or a defect.
    pub fn of_fault(error: &dyn Error) -> Self {
        if caused_by_outage(error) { Self::away() } else { ErrorCode::Internal.into() }
    }

    /// The same, with what people are told of this case: a clause in plain words, without values from the request.
    #[must_use]
    pub fn because(self, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// The same, with the fields that have to do with it.
    #[must_use]
    pub fn violating(self, violations: Vec<Violation>) -> Self {
        Self { violations, ..self }
    }

    /// The same, with a value for programs in `ErrorInfo.metadata`.
    #[must_use]
    pub fn with_metadata(mut self, key: &'static str, value: String) -> Self {
        self.metadata.insert(key.to_owned(), value);
        self
    }

    /// The same, with the time after which another try makes sense.
    #[must_use]
    pub fn retry_after(self, delay: Duration) -> Self {
        Self { retry_after: Some(delay), ..self }
    }

    /// Its code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

impl From<&Failure> for Failure {
    fn from(failure: &Failure) -> Self {
        failure.clone()
    }
}

impl From<&Violation> for Failure {
    fn from(violation: &Violation) -> Self {
        violation.clone().into()
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::invalid(vec![violation])
    }
}

/// The status of an error. What is our fault is logged here, once, with its causes; the client gets a code.
pub fn report<E>(error: E) -> Status
where
    E: Error,
    for<'a> Failure: From<&'a E>,
{
    let failure = Failure::from(&error);
    match failure.code() {
        ErrorCode::Internal => tracing::error!(error = %chain(&error), "call failed"),
        ErrorCode::DependencyUnavailable => tracing::warn!(error = %chain(&error), "call refused"),
        _ => {}
    }
    failure.into()
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let mut details = ErrorDetails::new();
        details.set_error_info(failure.code.reason(), ERROR_DOMAIN, failure.metadata);
        for violation in failure.violations {
            details.add_bad_request_violation(violation.field, violation.description);
        }
        if let Some(delay) = failure.retry_after {
            details.set_retry_info(Some(delay));
        }
        let message = failure.code.message();
        let message = failure.reason.map_or(message.to_owned(), |reason| format!("{message}: {reason}"));
        Status::with_error_details(failure.code.grpc(), message, details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_upper_snake_case_and_stands_once() {
        let mut seen = std::collections::HashSet::new();
        for code in ErrorCode::ALL {
            assert!(code.reason().chars().all(|c| c.is_ascii_uppercase() || c == '_'), "{code:?}");
            assert!(seen.insert(code.reason()), "{code:?} shares its reason");
        }
    }

    #[test]
    fn the_page_for_clients_lists_every_code_with_its_grpc_status() {
        let page = include_str!("../../../docs/errors.md");
        for code in ErrorCode::ALL {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", code.reason())));
            let grpc = screaming_snake_case(code.grpc());
            assert!(
                row.is_some_and(|row| row.contains(&format!("| {grpc} |"))),
                "{code:?} is not on the page"
            );
        }
    }

    fn screaming_snake_case(code: Code) -> String {
        let name = format!("{code:?}");
        let mut upper = String::new();
        for (index, letter) in name.chars().enumerate() {
            if letter.is_uppercase() && index > 0 {
                upper.push('_');
            }
            upper.push(letter.to_ascii_uppercase());
        }
        upper
    }

    #[test]
    fn a_failure_carries_its_details_in_the_status() {
        let failure = Failure::invalid(vec![Violation::new("email", "must be an e-mail address")])
            .retry_after(Duration::from_secs(3));
        let status = Status::from(failure);
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "INVALID_REQUEST");
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, "email");
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(3)));
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the database failed")]
    struct Broken(#[source] sqlx::Error);

    impl From<&Broken> for Failure {
        fn from(error: &Broken) -> Self {
            Self::of_fault(error)
        }
    }

    #[test]
    fn a_database_that_is_away_is_unavailable_and_says_when_to_come_back() {
        let status = report(Broken(sqlx::Error::PoolTimedOut));
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(AWAY_DELAY));
    }

    #[test]
    fn what_is_our_fault_says_nothing_of_its_cause() {
        let status = report(Broken(sqlx::Error::ColumnNotFound("password_hash".to_owned())));
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("password_hash"));
    }

    #[test]
    fn a_failure_says_why_in_this_case() {
        let status = Status::from(Failure::new(ErrorCode::WrongState).because("it is final already"));
        assert_eq!(status.message(), "this cannot be done to it in its present state: it is final already");
        assert_eq!(status.get_error_details().error_info().unwrap().reason, "WRONG_STATE");
    }
}
