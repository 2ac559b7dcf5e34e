//! The servers a deployment brings from outside, started from inside the process: PostgreSQL, a Kafka-compatible
//! broker and a mailbox, and for the tests on real servers Apache Kafka itself.
//!
//! `standalone` runs the whole product on them and the tests run against them. No service crate depends on this
//! one outside its tests.

#![expect(
    clippy::disallowed_methods,
    reason = "servers of their own have a clock, randomness and threads of their own"
)]

pub mod apache_kafka;
pub mod broker;
mod listening;
pub mod mailbox;
pub mod postgres;
pub mod silent_proxy;
mod watchdog;
