//! The outbox on a real PostgreSQL, with publishers to look into and with a Kafka-compatible broker.

mod fixture;
mod kafka;
mod relay;
mod trace;
