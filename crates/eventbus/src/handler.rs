//! Consuming, seen by a service.

use std::sync::Arc;

use tracing::Span;

use crate::{Envelope, Position, TraceContext};

/// A record handed to a [`Handler`].
#[derive(Debug)]
pub struct Delivery {
    /// The event.
    pub envelope: Envelope,
    /// Where it lies.
    pub position: Position,
    /// 1 for the first delivery by this process, then counting up.
    pub attempt: u32,
    pub(crate) span: Span,
}

impl Delivery {
    /// The `process` span of this delivery, which continues the trace of the event. Handle the record inside it.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The context to store with what this delivery causes: that of its span, or of the event if no trace is recorded.
    pub fn trace(&self) -> TraceContext {
        let trace = TraceContext::of(&self.span);
        if trace.traceparent.is_some() { trace } else { self.envelope.trace.clone() }
    }
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The effect is stored, or the event is none of this handler's business.
    Done,
    /// It could not be handled now, for the reason given; deliver it again later.
    Retry(String),
    /// It can never be handled, for the reason given; put it with the dead letters.
    Reject(String),
}

/// Handles the records of a subscription.
///
/// A batch holds records of one partition in their order, each key at most once: whatever comes earlier for a key is
/// finished before the next record of that key is handed over. So the records of a batch may be handled at the same
/// time, in one transaction, or one after the other. The reasons in outcomes go to logs and dead letters and hold no
/// personal data. A panic counts as [`Outcome::Retry`] for the batch; its records then come one by one.
pub trait Handler: Send + Sync + 'static {
    /// Handles a batch and returns one outcome for each record, in the same order.
    fn handle(&self, batch: &[Delivery]) -> impl Future<Output = Vec<Outcome>> + Send;
}

impl<H: Handler> Handler for Arc<H> {
    fn handle(&self, batch: &[Delivery]) -> impl Future<Output = Vec<Outcome>> + Send {
        H::handle(self, batch)
    }
}
