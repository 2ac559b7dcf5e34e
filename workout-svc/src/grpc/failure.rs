//! What a client is told of an error, and what the log is.

use std::time::Duration;

use chassis::database::caused_by_outage;
use chassis::errors::{ErrorCode, Failure};
use chassis::lifecycle::chain;
use tonic::Status;

use crate::training::TrainingError;

/// When to come back while the profile of a new account is on its way.
const PENDING_DELAY: Duration = Duration::from_secs(1);
/// When to come back while the database is away.
const AWAY_DELAY: Duration = Duration::from_secs(5);

impl From<TrainingError> for Status {
    /// The status of an error. What is our fault is logged here, once, with its causes; the client gets a code.
    fn from(error: TrainingError) -> Self {
        let failure = failure(&error);
        match failure.code() {
            ErrorCode::Internal => tracing::error!(error = %chain(&error), "call failed"),
            ErrorCode::DependencyUnavailable => tracing::warn!(error = %chain(&error), "call refused"),
            _ => {}
        }
        failure.into()
    }
}

fn failure(error: &TrainingError) -> Failure {
    match error {
        TrainingError::Invalid(violations) => Failure::invalid(violations.clone()),
        TrainingError::NotFound => ErrorCode::NotFound.into(),
        TrainingError::LimitReached(reached) => (*reached).into(),
        TrainingError::WrongState(reason) => Failure::new(ErrorCode::WrongState).because(reason.clone()),
        TrainingError::AlreadyExists => ErrorCode::AlreadyExists.into(),
        TrainingError::Forbidden => ErrorCode::PermissionDenied.into(),
        TrainingError::ProfilePending => {
            Failure::new(ErrorCode::DependencyUnavailable).retry_after(PENDING_DELAY)
        }
        TrainingError::AccountGone => ErrorCode::TokenInvalid.into(),
        TrainingError::Database(_) | TrainingError::Outbox(_) if caused_by_outage(error) => {
            Failure::new(ErrorCode::DependencyUnavailable).retry_after(AWAY_DELAY)
        }
        TrainingError::Database(_) | TrainingError::Outbox(_) => ErrorCode::Internal.into(),
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::StatusExt as _;

    use super::*;

    #[test]
    fn a_database_that_is_away_is_unavailable_and_says_when_to_come_back() {
        let status = Status::from(TrainingError::from(sqlx::Error::PoolTimedOut));
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    }

    #[test]
    fn a_profile_on_its_way_is_unavailable_for_a_second() {
        let status = Status::from(TrainingError::ProfilePending);
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(PENDING_DELAY));
    }

    #[test]
    fn what_is_our_fault_says_nothing_of_its_cause() {
        let status = Status::from(TrainingError::from(sqlx::Error::ColumnNotFound("routine_id".to_owned())));
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("routine_id"));
    }
}
