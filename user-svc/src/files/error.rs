//! What can go wrong in a use case of files.

use chassis::errors::Violation;
use chassis::limits::LimitReached;

use super::objects::ObjectError;

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The request, or the picture itself, breaks rules.
    #[error("the request breaks rules")]
    Invalid(Vec<Violation>),
    /// The upload ended before its end.
    #[error("the upload broke off")]
    Interrupted,
    /// The account has as much as it may.
    #[error("a limit is reached")]
    LimitReached(#[from] LimitReached),
    /// There is no such file, or it is somebody else's.
    #[error("there is no such file")]
    NotFound,
    /// The file is there and its bytes are not.
    #[error("the bytes of the file are lost")]
    Lost,
    /// The account of the access token is gone.
    #[error("there is no such account any more")]
    AccountGone,
    /// The store of objects did not do its part.
    #[error("the store of objects failed")]
    Objects(#[from] ObjectError),
    /// The database did not do its part.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl FileError {
    /// The picture, or what is said of it, is not acceptable for the reason given.
    pub(crate) fn invalid(field: &str, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, description)])
    }
}
