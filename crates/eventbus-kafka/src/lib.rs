//! The bus on Kafka, through librdkafka.
//!
//! [`KafkaConfig`] is the [`Broker`](eventbus::Broker); what else is here it makes.

mod assignment;
mod client;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod consumer;
mod dead_letters;
mod group;
mod origins;
mod poll_loop;
mod producer;
mod publisher;
mod record;
mod record_queue;
mod security;
mod statistics;
mod topics;

pub use config::KafkaConfig;
pub use consumer::KafkaConsumer;
pub use origins::KafkaOrigins;
pub use publisher::KafkaPublisher;
pub use security::{Credentials, SaslMechanism, Security, SecurityProtocol, UnknownName};
pub use topics::create_topics;
