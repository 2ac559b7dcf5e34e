//! notify-svc: events become notifications, notifications become e-mails.
//!
//! One direction: [`events`] says what an event means and enters rows in the [`ledger`]; [`delivery`] claims them, has
//! them written by [`render`], and sends them over [`smtp`]. People and administrators come from the other side: `grpc`
//! asks [`access`] and then a use case of [`notifications`] or [`dead_letters`]. Only the ledger holds SQL.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

pub mod access;
pub mod app;
pub mod config;
pub mod dead_letters;
pub mod delivery;
pub mod events;
mod grpc;
pub mod ledger;
pub mod metrics;
pub mod notification;
pub mod notifications;
pub mod preferences;
mod process;
pub mod quiet_hours;
pub mod render;
pub mod schedule;
mod secrets;
pub mod smtp;
pub mod unsubscribe_token;

pub use app::App;
pub use config::NotifySvcConfig;
pub use process::Process;
pub use secrets::SecretError;

/// The service in traces, events and the database's list of connections.
pub const NAME: &str = "notify-svc";
