//! From HTTP to the mailbox: each test drives the real binary as its users do, over the network only.
//!
//! Tests that change nothing of the system share one; each of them uses addresses of its own. Tests that break
//! something start a system for themselves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bad_input;
mod grpc;
mod harness;
mod kafka_events;
mod outages;
mod registration;
mod stopping;
mod tracing_edges;
