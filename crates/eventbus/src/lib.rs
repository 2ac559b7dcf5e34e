//! Events on a Kafka-compatible broker: protobuf values, CloudEvents headers, W3C trace context.
//!
//! A service publishes through its outbox, which hands [`Envelope`]s to a [`Publisher`]. A service consumes by giving a
//! [`Handler`] to a [`KafkaConsumer`]. What the two promise together:
//!
//! - **At least once.** An offset is committed after the effect, never before. A crash repeats records, so handlers
//!   are idempotent by [`Envelope::id`].
//! - **Order per key.** A record is handed over only when every earlier record of its key is finished. A record that
//!   has to be retried holds back its own key and nothing else.
//! - **Nothing disappears.** What cannot be read or is rejected goes, byte by byte, to the dead-letter topic of the
//!   group before its offset counts as finished.
//!
//! - **The owner's word.** Where [`TrustedSigners`] are given, an event counts if the service that owns its topic has
//!   signed it. An event counts on its own topic, under its own key and not from the future, wherever it is decoded.
//!
//! The [`conformance`] suite (feature `conformance`) states these promises as tests that any broker can be held to.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

#[cfg(feature = "conformance")]
pub mod conformance;
mod dead_letter;
mod envelope;
mod handler;
mod kafka;
mod metrics;
mod publisher;
mod retry;
mod signature;
mod spans;
mod state;
mod trace_context;

pub use ::event::Event;
pub use dead_letter::{DeadLetter, OriginalRecord, RecordHeader};
pub use envelope::{DecodeError, Envelope};
pub use handler::{Delivery, Handler, Outcome};
pub use kafka::{
    ConsumerConfig, ConsumerError, ConsumerRole, Credentials, KafkaConfig, KafkaConfigError, KafkaConsumer,
    KafkaPublisher, OriginError, Origins, SaslMechanism, Security, SecurityProtocol, TopicError, TopicSpec,
    UnknownName, create_topics, dead_letter_topic, ensure_topics,
};
pub use publisher::{Ack, PublishError, Publisher};
pub use retry::RetryPolicy;
pub use signature::{EventKeyError, EventPublicKeys, EventSigner, ForgedEvent, TrustedSigners};
pub use state::BusState;
pub use trace_context::TraceContext;
