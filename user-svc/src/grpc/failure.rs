//! What a client is told of an error.

use std::time::Duration;

use chassis::errors::{ErrorCode, Failure};

use crate::accounts::AccountError;
use crate::files::FileError;
use crate::password::PasswordError;

/// When to come back while hashing is at its limit.
const BUSY_DELAY: Duration = Duration::from_secs(1);

impl From<&AccountError> for Failure {
    fn from(error: &AccountError) -> Self {
        match error {
            AccountError::Invalid(violations) => Self::invalid(violations.clone()),
            AccountError::CodeInvalid => ErrorCode::CodeInvalid.into(),
            AccountError::ResetTokenInvalid => ErrorCode::ResetTokenInvalid.into(),
            AccountError::CredentialsInvalid => ErrorCode::CredentialsInvalid.into(),
            AccountError::EmailNotVerified => ErrorCode::EmailNotVerified.into(),
            AccountError::SessionEnded => ErrorCode::TokenInvalid.into(),
            AccountError::PermissionDenied => ErrorCode::PermissionDenied.into(),
            AccountError::NotFound => ErrorCode::NotFound.into(),
            AccountError::LastAdmin => ErrorCode::LastAdmin.into(),
            AccountError::TooManyRequests { retry_after } => {
                Self::new(ErrorCode::TooManyRequests).retry_after(*retry_after)
            }
            AccountError::Password(PasswordError::Busy) => {
                Self::new(ErrorCode::Overloaded).retry_after(BUSY_DELAY)
            }
            AccountError::Password(_) | AccountError::Database(_) | AccountError::Outbox(_) => {
                Self::of_fault(error)
            }
        }
    }
}

impl From<&FileError> for Failure {
    fn from(error: &FileError) -> Self {
        match error {
            FileError::Invalid(violations) => Self::invalid(violations.clone()),
            FileError::Interrupted => Self::invalid_field("file", "broke off before its end"),
            FileError::LimitReached(reached) => (*reached).into(),
            FileError::NotFound => ErrorCode::NotFound.into(),
            FileError::Lost => Self::new(ErrorCode::NotFound)
                .because("the content of this file is lost; delete it and upload the picture again"),
            FileError::AccountGone => ErrorCode::TokenInvalid.into(),
            FileError::Objects(_) => Self::away(),
            FileError::Database(_) => Self::of_fault(error),
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
    fn a_full_hashing_queue_is_unavailable_and_says_when_to_come_back() {
        let status = report(AccountError::from(PasswordError::Busy));
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    }
}
