//! What can go wrong in a use case.

/// Why a use case did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// The letter is not in a state in which this can be done to it.
    #[error("its state does not allow this: {0}")]
    WrongState(&'static str),
    /// There is no such letter.
    #[error("there is no such dead letter")]
    NotFound,
    /// The broker did not take the record.
    #[error("the broker cannot take records now")]
    BrokerAway,
    /// The database did not answer as it should.
    #[error("the dead letters cannot be read or written")]
    Database(#[from] sqlx::Error),
}
