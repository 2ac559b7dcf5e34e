//! The bus on Kafka, through librdkafka.

mod assignment;
mod client;
mod config;
mod consumer;
mod dead_letters;
mod group;
mod headers;
mod origins;
mod poll_loop;
mod producer;
mod publisher;
mod record;
mod record_queue;
mod security;
mod statistics;
mod topics;
mod trials;
mod window;
mod worker;

pub use config::{KafkaConfig, KafkaConfigError};
pub use consumer::{ConsumerConfig, ConsumerError, ConsumerRole, KafkaConsumer, dead_letter_topic};
pub use origins::{OriginError, Origins};
pub use publisher::KafkaPublisher;
pub use security::{Credentials, SaslMechanism, Security, SecurityProtocol, UnknownName};
pub use topics::{TopicError, TopicSpec, create_topics, ensure_topics};
