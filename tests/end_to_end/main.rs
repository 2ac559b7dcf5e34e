//! From HTTP to the mailbox: each test drives the real binary as its users do, over the network only.
//!
//! Tests that change nothing of the system share one; each of them uses addresses of its own. Tests that break
//! something start a system for themselves.

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
mod forged_events;
mod grpc;
mod harness;
mod kafka_events;
mod live_feed;
mod metrics;
mod outages;
mod ownership;
mod planner;
mod readme_tour;
mod registration;
mod runbooks;
mod sessions;
mod settings;
mod silence;
mod stopping;
mod text_around_calls;
mod text_everywhere;
mod tracing_edges;
mod training;
