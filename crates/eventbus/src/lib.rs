//! Events on a broker, whichever it is: protobuf values, CloudEvents headers, W3C trace context.
//!
//! A service publishes through its outbox, which hands [`Envelope`]s to a [`Publisher`]. A service consumes by giving a
//! [`Handler`] to a [`Subscriber`]. What the two promise together:
//!
//! - **At least once.** An offset is committed after the effect, never before. A crash repeats records, so handlers
//!   are idempotent by [`Envelope::id`].
//! - **Order per key.** A record is handed over only when every earlier record of its key is finished. A record that
//!   has to be retried holds back its own key and nothing else.
//! - **Nothing disappears.** What cannot be read or is rejected goes, byte by byte, to the dead-letter topic of the
//!   group before its offset counts as finished.
//! - **The owner's word.** Where [`TrustedSigners`] are given, an event counts if the service that owns its topic has
//!   signed it. An event counts on its own topic, under its own key and not from the future, wherever it is decoded.
//!
//! No broker is named here. An adapter is a crate of its own, made of what is in [`adapter`]; it implements [`Broker`],
//! which is all that services see of it. The [`conformance`] suite (feature `conformance`) states the promises as tests
//! that every adapter is held to.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

pub mod adapter;
mod broker;
#[cfg(feature = "conformance")]
pub mod conformance;
mod dead_letter;
mod envelope;
mod failure;
mod handler;
mod headers;
mod intake;
mod metrics;
mod position;
mod publisher;
mod record;
mod retry;
mod signature;
mod spans;
mod state;
mod subscriber;
mod terms;
mod topics;
mod trace_context;
mod trials;
mod window;
mod worker;
mod workers;

pub use ::event::Event;
pub use broker::{BoxError, Broker, BrokerConfigError, BusPublisher, BusSubscriber};
pub use dead_letter::{DeadLetter, OriginError, OriginalRecord, Origins, RecordHeader};
pub use envelope::{DecodeError, Envelope};
pub use failure::{Failure, chain};
pub use handler::{Delivery, Handler, Outcome};
pub use intake::{EventHandler, Together, by_halves, one_by_one};
pub use position::Position;
pub use publisher::{Ack, BrokerPublisher, PublishError, Publisher};
pub use record::Record;
pub use retry::RetryPolicy;
pub use signature::{EventKeyError, EventPublicKeys, EventSigner, ForgedEvent, TrustedSigners};
pub use state::BusState;
pub use subscriber::{ConsumerConfig, ConsumerError, ConsumerRole, Subscriber};
pub use terms::Terms;
pub use topics::{TopicError, TopicSpec, dead_letter_topic, ensure_topics};
pub use trace_context::TraceContext;
