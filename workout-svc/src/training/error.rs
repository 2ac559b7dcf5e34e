//! What can go wrong in a use case.

use std::borrow::Cow;

use chassis::errors::Violation;
use chassis::limits::LimitReached;

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// Fields of the request break rules, or what they ask for does not fit what is there.
    #[error("the request breaks rules")]
    Invalid(Vec<Violation>),
    /// There is no such thing, or it is not the caller's to see.
    #[error("there is no such thing")]
    NotFound,
    /// There are as many of them as there may be.
    #[error("a limit is reached")]
    LimitReached(#[from] LimitReached),
    /// It is not in a state in which this can be done to it.
    #[error("its state does not allow this: {0}")]
    WrongState(Cow<'static, str>),
    /// There is one already.
    #[error("there is one already")]
    AlreadyExists,
    /// The caller may not do this.
    #[error("the caller may not do this")]
    Forbidden,
    /// The account is new and word of it has not arrived yet.
    #[error("the athlete profile is being prepared")]
    ProfilePending,
    /// The account of the access token was deleted.
    #[error("there is no such account any more")]
    AccountGone,
    /// The database did not do its part.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The event could not be stored.
    #[error("the event could not be stored")]
    Outbox(#[from] outbox::OutboxError),
}

impl TrainingError {
    /// Its state does not allow this, for this reason.
    pub(crate) fn wrong_state(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::WrongState(reason.into())
    }

    /// One field is at fault.
    pub(crate) fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, description)])
    }
}

impl From<Vec<Violation>> for TrainingError {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Invalid(violations)
    }
}

impl From<Violation> for TrainingError {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}
