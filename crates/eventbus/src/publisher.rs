//! Publishing, seen by the outbox.

use tokio::sync::watch;

use crate::{BoxError, BusState, Envelope, OriginalRecord, Position};

/// The broker has stored a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Where, if the broker says so.
    pub position: Option<Position>,
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

/// What a broker's own publisher can do besides.
pub trait BrokerPublisher: Publisher + 'static {
    /// Writes records as they are, each to the topic named with it: dead letters on their way back. They keep their
    /// trace, so no span of this process gets in between. Waits like [`Publisher::publish`].
    fn repeat<'a>(
        &'a self,
        records: &'a [(&'a str, &'a OriginalRecord)],
    ) -> impl Future<Output = Vec<Result<Ack, PublishError>>> + Send + 'a;

    /// Whether the broker can be reached.
    fn state(&self) -> watch::Receiver<BusState>;
}

/// Why a record was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The record itself is refused, for instance as too large: repeating it is in vain.
    #[error("the broker refuses the record")]
    Refused(#[source] BoxError),
    /// The broker could not take the record now. It may have stored it all the same.
    #[error("the broker did not take the record")]
    Unavailable(#[source] BoxError),
    /// An earlier record of the same key failed, so this one was not sent.
    #[error("an earlier record of the same key was not published")]
    Blocked,
}

impl PublishError {
    /// What metrics and spans call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
            Self::Blocked => "blocked",
        }
    }
}
