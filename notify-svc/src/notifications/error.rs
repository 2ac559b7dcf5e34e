//! What can go wrong in a use case.

use chassis::errors::Violation;

use crate::render::RenderError;

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// Fields of the request break rules.
    #[error("the request breaks rules")]
    Invalid(Vec<Violation>),
    /// The notification is not in a state in which this can be done to it.
    #[error("its state does not allow this: {0}")]
    WrongState(&'static str),
    /// There is no such notification or mail, or it is not the caller's.
    #[error("there is no such notification")]
    NotFound,
    /// The account is gone.
    #[error("there is no such account any more")]
    AccountGone,
    /// The sample of a mail cannot be written.
    #[error("the preview cannot be written")]
    Preview(#[from] RenderError),
    /// The database did not answer as it should.
    #[error("the ledger cannot be read or written")]
    Database(#[from] sqlx::Error),
}

impl NotificationError {
    /// One field is at fault.
    pub(crate) fn invalid(field: &str, reason: &str) -> Self {
        Self::Invalid(vec![Violation::new(field, reason)])
    }
}
