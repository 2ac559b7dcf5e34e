//! notify-svc: events become notifications, notifications become e-mails.
//!
//! One direction: [`events`] says what an event means and enters rows in the [`ledger`]; [`delivery`] claims them, has
//! them written by [`render`], and sends them over [`smtp`]. Only the ledger holds SQL.

pub mod app;
pub mod config;
pub mod delivery;
pub mod events;
pub mod ledger;
pub mod metrics;
pub mod notification;
pub mod render;
pub mod schedule;
mod secrets;
pub mod smtp;

pub use app::App;
pub use config::NotifySvcConfig;
pub use secrets::SecretError;

/// The service in traces, events and the database's list of connections.
pub const NAME: &str = "notify-svc";
