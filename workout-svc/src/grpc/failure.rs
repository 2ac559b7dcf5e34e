//! What a client is told of an error.

use std::time::Duration;

use chassis::errors::{ErrorCode, Failure};

use crate::training::TrainingError;

/// When to come back while the profile of a new account is on its way.
const PENDING_DELAY: Duration = Duration::from_secs(1);

impl From<&TrainingError> for Failure {
    fn from(error: &TrainingError) -> Self {
        match error {
            TrainingError::Invalid(violations) => Self::invalid(violations.clone()),
            TrainingError::NotFound => ErrorCode::NotFound.into(),
            TrainingError::LimitReached(reached) => (*reached).into(),
            TrainingError::WrongState(reason) => Self::new(ErrorCode::WrongState).because(reason.clone()),
            TrainingError::AlreadyExists => ErrorCode::AlreadyExists.into(),
            TrainingError::Forbidden => ErrorCode::PermissionDenied.into(),
            TrainingError::ProfilePending => {
                Self::new(ErrorCode::DependencyUnavailable).retry_after(PENDING_DELAY)
            }
            TrainingError::AccountGone => ErrorCode::TokenInvalid.into(),
            TrainingError::Database(_) | TrainingError::Outbox(_) => Self::of_fault(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::errors::report;
    use tonic::Code;
    use tonic_types::StatusExt as _;

    use super::*;

    #[test]
    fn a_profile_on_its_way_is_unavailable_for_a_second() {
        let status = report(TrainingError::ProfilePending);
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(PENDING_DELAY));
    }
}
