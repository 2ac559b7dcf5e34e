//! Events on their way into the outbox.

use std::sync::Arc;

use eventbus::{Event, TraceContext};
use uuid::Uuid;

/// An event as the outbox stores it: encoded, with its id and with the trace it belongs to.
///
/// [`Outbox::write`](crate::Outbox::write) writes it; so does a statement of the service's own that calls
/// `outbox.enqueue` with the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedEvent {
    /// Its identifier, a UUIDv7.
    pub id: Uuid,
    /// Where it goes.
    pub topic: &'static str,
    /// Events of one key keep their order.
    pub key: String,
    /// The full name of its type.
    pub event_type: String,
    /// Which service it comes from.
    pub source: Arc<str>,
    /// The encoded message.
    pub payload: Vec<u8>,
    /// The trace it belongs to.
    pub trace: TraceContext,
}

impl EncodedEvent {
    pub(crate) fn new<E: Event>(event: &E, source: &Arc<str>, trace: TraceContext) -> Self {
        Self {
            id: Uuid::now_v7(),
            topic: E::TOPIC,
            key: event.key().to_owned(),
            event_type: E::full_name(),
            source: Arc::clone(source),
            payload: event.encode_to_vec(),
            trace,
        }
    }
}
