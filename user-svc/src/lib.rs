//! user-svc: accounts, their one-time codes, sessions and access tokens.
//!
//! One direction: [`grpc`] maps requests to the use cases of [`accounts`], which open the transactions and call
//! [`store`], where the SQL is. Events go to the outbox in the same transaction and from there to Kafka.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

pub mod accounts;
pub mod app;
pub mod client;
pub mod config;
pub mod email_address;
mod ended_sessions;
mod events;
pub mod file;
pub mod files;
mod grpc;
pub mod one_time_code;
mod opaque_token;
pub mod password;
mod process;
pub mod profile;
pub mod rate_limit;
mod row_limits;
pub mod session;
pub mod store;
pub mod tokens;
pub mod user;

pub use app::App;
pub use config::UserSvcConfig;
pub use process::Process;

/// The service in traces, events and the database's list of connections.
pub const NAME: &str = "user-svc";
