//! What a client is told of an error, and what the log is.

use std::time::Duration;

use chassis::database::caused_by_outage;
use chassis::errors::{ErrorCode, Failure, Violation};
use chassis::lifecycle::chain;
use tonic::Status;
use uuid::Uuid;

use crate::accounts::AccountError;
use crate::password::PasswordError;

/// When to come back while hashing is at its limit.
const BUSY_DELAY: Duration = Duration::from_secs(1);
/// When to come back while the database is away.
const AWAY_DELAY: Duration = Duration::from_secs(5);

/// The status of an error. What is our fault is logged here, once, with its causes; the client gets a code.
pub(super) fn status(error: &AccountError) -> Status {
    let failure = failure(error);
    match failure.code() {
        ErrorCode::Internal => tracing::error!(error = %chain(error), "call failed"),
        ErrorCode::DependencyUnavailable => tracing::warn!(error = %chain(error), "call refused"),
        _ => {}
    }
    failure.into()
}

/// Reads an id, which the rules of the contract have checked before.
pub(super) fn id(field: &'static str, text: &str) -> Result<Uuid, Failure> {
    text.parse().map_err(|_| Failure::invalid(vec![Violation::new(field, "must be a UUID")]))
}

fn failure(error: &AccountError) -> Failure {
    match error {
        AccountError::Invalid(violations) => Failure::invalid(violations.clone()),
        AccountError::CodeInvalid => ErrorCode::CodeInvalid.into(),
        AccountError::ResetTokenInvalid => ErrorCode::ResetTokenInvalid.into(),
        AccountError::CredentialsInvalid => ErrorCode::CredentialsInvalid.into(),
        AccountError::EmailNotVerified => ErrorCode::EmailNotVerified.into(),
        AccountError::SessionEnded => ErrorCode::TokenInvalid.into(),
        AccountError::PermissionDenied => ErrorCode::PermissionDenied.into(),
        AccountError::NotFound => ErrorCode::NotFound.into(),
        AccountError::LastAdmin => ErrorCode::LastAdmin.into(),
        AccountError::TooManyRequests { retry_after } => {
            Failure::new(ErrorCode::TooManyRequests).retry_after(*retry_after)
        }
        AccountError::Password(PasswordError::Busy) => {
            Failure::new(ErrorCode::Overloaded).retry_after(BUSY_DELAY)
        }
        AccountError::Database(_) | AccountError::Outbox(_) if caused_by_outage(error) => {
            Failure::new(ErrorCode::DependencyUnavailable).retry_after(AWAY_DELAY)
        }
        AccountError::Password(_) | AccountError::Database(_) | AccountError::Outbox(_) => {
            ErrorCode::Internal.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::StatusExt as _;

    use super::*;

    #[test]
    fn a_database_that_is_away_is_unavailable_and_says_when_to_come_back() {
        let status = status(&sqlx::Error::PoolTimedOut.into());
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    }

    #[test]
    fn a_full_hashing_queue_is_unavailable_and_says_when_to_come_back() {
        let status = status(&PasswordError::Busy.into());
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    }

    #[test]
    fn what_is_our_fault_says_nothing_of_its_cause() {
        let status = status(&sqlx::Error::ColumnNotFound("password_hash".to_owned()).into());
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("password_hash"));
    }
}
