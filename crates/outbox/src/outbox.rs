//! Writing events, the side of the outbox that a service sees.

use std::sync::Arc;

use eventbus::{Event, TraceContext};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::encoded_event::EncodedEvent;
use crate::store;
use crate::wake::Wake;

/// Why an event was not written; its transaction is lost.
#[derive(Debug, thiserror::Error)]
#[error("the event was not written to the outbox")]
pub struct OutboxError(#[source] sqlx::Error);

/// Writes events in the transaction of the change they report. Clones share the way to wake the relay.
#[derive(Clone, Debug)]
pub struct Outbox {
    pub(crate) source: Arc<str>,
    pub(crate) wake: Arc<Wake>,
}

impl Outbox {
    /// An outbox whose events come from `source`, the name of the service.
    pub fn new(source: &str) -> Self {
        Self { source: source.into(), wake: Arc::default() }
    }

    /// Writes an event with the current trace context and returns its id.
    ///
    /// `connection` is inside the transaction of the change. For the order of a key to hold, the transaction has taken
    /// the lock on what it changes before.
    pub async fn enqueue<E: Event>(
        &self,
        connection: &mut PgConnection,
        event: &E,
    ) -> Result<Uuid, OutboxError> {
        let ids = self.enqueue_all(connection, std::slice::from_ref(event)).await?;
        Ok(ids[0])
    }

    /// Writes events in one statement, to be published in their order, and returns their ids.
    pub async fn enqueue_all<E: Event>(
        &self,
        connection: &mut PgConnection,
        events: &[E],
    ) -> Result<Vec<Uuid>, OutboxError> {
        let trace = TraceContext::current();
        let encoded: Vec<_> = events.iter().map(|event| self.encode(event, trace.clone())).collect();
        self.write(connection, &encoded).await?;
        Ok(encoded.into_iter().map(|event| event.id).collect())
    }

    /// Prepares an event that belongs to the given trace, for [`Outbox::write`] or a statement of the service's own.
    pub fn encode<E: Event>(&self, event: &E, trace: TraceContext) -> EncodedEvent {
        EncodedEvent::new(event, &self.source, trace)
    }

    /// Writes prepared events, of whatever types and traces, like [`Outbox::enqueue_all`].
    pub async fn write(
        &self,
        connection: &mut PgConnection,
        events: &[EncodedEvent],
    ) -> Result<(), OutboxError> {
        store::insert(connection, events).await.map_err(OutboxError)
    }

    /// Wakes the relay. To be called after the commit; without it the events wait for the next poll.
    ///
    /// This costs nothing and never blocks: the relay of this process notices, and if the active relay is in another
    /// process, passes it on with at most a hundred notifications a second.
    pub fn committed(&self) {
        self.wake.committed();
    }
}
