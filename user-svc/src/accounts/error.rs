//! What can go wrong in a use case.

use std::time::Duration;

use chassis::errors::Violation;

use crate::password::PasswordError;

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Fields of the request break rules.
    #[error("the request breaks rules")]
    Invalid(Vec<Violation>),
    /// The one-time code is wrong, used, superseded or expired, or there is no such account.
    #[error("the code is not valid")]
    CodeInvalid,
    /// The token of a link to choose a new password is wrong, used, superseded or expired.
    #[error("the token of the link is not valid")]
    ResetTokenInvalid,
    /// There is no account of that address and password.
    #[error("address or password is wrong")]
    CredentialsInvalid,
    /// The password is right and the address not proved.
    #[error("the address is not verified")]
    EmailNotVerified,
    /// The session of the token has ended, or its account is gone.
    #[error("the session has ended")]
    SessionEnded,
    /// The caller lacks the role for this.
    #[error("the caller may not do this")]
    PermissionDenied,
    /// There is no such thing, or it is somebody else's.
    #[error("there is no such thing")]
    NotFound,
    /// Nobody would be left to run the installation.
    #[error("this is the last admin")]
    LastAdmin,
    /// A limit is reached.
    #[error("a rate limit is reached")]
    TooManyRequests {
        /// After this time the limit allows more.
        retry_after: Duration,
    },
    /// The password was neither hashed nor compared.
    #[error("the password could not be processed")]
    Password(#[from] PasswordError),
    /// The database did not do its part.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The event could not be stored.
    #[error("the event could not be stored")]
    Outbox(#[from] outbox::OutboxError),
}

impl From<Vec<Violation>> for AccountError {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Invalid(violations)
    }
}
