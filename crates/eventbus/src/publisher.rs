//! Publishing, seen by the outbox.

use std::error::Error;

use crate::Envelope;

/// Where the broker stored a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The partition of the topic.
    pub partition: i32,
    /// The position in the partition.
    pub offset: i64,
}

/// Puts envelopes on their topics.
pub trait Publisher: Send + Sync {
    /// Hands the whole batch to the broker, then awaits every acknowledgement.
    ///
    /// The results come in the order of the batch. Records of one key are stored in the order of the batch: where one
    /// of them fails while it is handed over, the later ones of its key are not sent and fail as
    /// [`PublishError::Blocked`]. The future resolves when every record is answered, which takes as long as the broker
    /// is away; dropping it gives up the answers, not the records.
    fn publish<'a>(
        &'a self,
        batch: &'a [Envelope],
    ) -> impl Future<Output = Vec<Result<Ack, PublishError>>> + Send + 'a;
}

/// Why a record was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The record itself is refused, for instance as too large: repeating it is in vain.
    #[error("the broker refuses the record")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// The broker could not take the record now. It may have stored it all the same.
    #[error("the broker did not take the record")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// An earlier record of the same key failed, so this one was not sent.
    #[error("an earlier record of the same key was not published")]
    Blocked,
}
