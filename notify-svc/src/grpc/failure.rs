//! What a client is told of an error, and what the log is.

use std::time::Duration;

use chassis::database::is_unavailable;
use chassis::errors::{ErrorCode, Failure};
use chassis::lifecycle::chain;
use tonic::Status;

use crate::access::AccessError;
use crate::dead_letters::DeadLetterError;
use crate::notifications::NotificationError;

/// When to come back while the database or the broker is away.
const AWAY_DELAY: Duration = Duration::from_secs(5);

/// The status of an error. What is our fault is logged here, once, with its causes; the client gets a code.
pub(super) fn status<E>(error: E) -> Status
where
    E: std::error::Error,
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

impl From<&AccessError> for Failure {
    fn from(error: &AccessError) -> Self {
        match error {
            AccessError::AccountGone => ErrorCode::TokenInvalid.into(),
            AccessError::NotAdmin => ErrorCode::PermissionDenied.into(),
            AccessError::Database(error) => of_database(error),
        }
    }
}

impl From<&NotificationError> for Failure {
    fn from(error: &NotificationError) -> Self {
        match error {
            NotificationError::Invalid(violations) => Self::invalid(violations.clone()),
            NotificationError::WrongState(reason) => Self::new(ErrorCode::WrongState).because(*reason),
            NotificationError::NotFound => ErrorCode::NotFound.into(),
            NotificationError::AccountGone => ErrorCode::TokenInvalid.into(),
            NotificationError::Preview(_) => ErrorCode::Internal.into(),
            NotificationError::Database(error) => of_database(error),
        }
    }
}

impl From<&DeadLetterError> for Failure {
    fn from(error: &DeadLetterError) -> Self {
        match error {
            DeadLetterError::WrongState(reason) => Self::new(ErrorCode::WrongState).because(*reason),
            DeadLetterError::NotFound => ErrorCode::NotFound.into(),
            DeadLetterError::BrokerAway => away(),
            DeadLetterError::Database(error) => of_database(error),
        }
    }
}

fn of_database(error: &sqlx::Error) -> Failure {
    if is_unavailable(error) { away() } else { ErrorCode::Internal.into() }
}

fn away() -> Failure {
    Failure::new(ErrorCode::DependencyUnavailable).retry_after(AWAY_DELAY)
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::StatusExt as _;

    use super::*;

    #[test]
    fn what_is_away_is_unavailable_and_says_when_to_come_back() {
        let database = status(NotificationError::from(sqlx::Error::PoolTimedOut));
        let broker = status(DeadLetterError::BrokerAway);
        for status in [database, broker] {
            assert_eq!(status.code(), Code::Unavailable);
            assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
        }
    }

    #[test]
    fn what_is_our_fault_says_nothing_of_its_cause() {
        let status = status(AccessError::from(sqlx::Error::ColumnNotFound("roles".to_owned())));
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("roles"));
    }
}
