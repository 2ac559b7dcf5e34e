//! What a client is told of an error.

use chassis::errors::{ErrorCode, Failure};

use crate::access::AccessError;
use crate::dead_letters::DeadLetterError;
use crate::notifications::NotificationError;

impl From<&AccessError> for Failure {
    fn from(error: &AccessError) -> Self {
        match error {
            AccessError::AccountGone => ErrorCode::TokenInvalid.into(),
            AccessError::NotAdmin => ErrorCode::PermissionDenied.into(),
            AccessError::Database(_) => Self::of_fault(error),
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
            NotificationError::Preview(_) | NotificationError::Database(_) => Self::of_fault(error),
        }
    }
}

impl From<&DeadLetterError> for Failure {
    fn from(error: &DeadLetterError) -> Self {
        match error {
            DeadLetterError::WrongState(reason) => Self::new(ErrorCode::WrongState).because(*reason),
            DeadLetterError::NotFound => ErrorCode::NotFound.into(),
            DeadLetterError::BrokerAway => Self::away(),
            DeadLetterError::Database(_) => Self::of_fault(error),
        }
    }
}
