//! The end-to-end suite once more, as an operator would meet it: each service is a process of its own, on PostgreSQL and
//! Apache Kafka. Then what only shows there: outages, deaths, stops and replicas.
//!
//! `make test-real` builds the programs, brings Kafka and runs this.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod access;
mod bad_input;
mod bad_input_everywhere;
mod coaching;
mod dead_letters;
mod degradation;
mod ended_sessions;
mod files;
mod first_month;
mod grpc;
mod harness;
mod kafka_events;
mod left_out;
mod live_feed;
mod metrics;
mod outages;
mod ownership;
mod planner;
mod real_servers;
mod registration;
mod runbooks;
mod sessions;
mod tracing_edges;
mod training;
