//! workout-svc: athletes, exercises, routines, workouts, reminders and trainers.
//!
//! One direction: [`grpc`] maps requests to the use cases of [`Training`], which open the transactions and call
//! [`store`], where the SQL is. Accounts come in as events ([`events`]) and are kept as athletes; what happens in
//! training goes out through the outbox, in the transaction of the change.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests live by the clock of the machine"))]

pub mod app;
pub mod athletes;
pub mod catalogue;
mod clockwork;
pub mod coaching;
pub mod config;
pub mod events;
pub mod exercises;
mod grpc;
pub mod language;
mod limits;
pub mod model;
pub mod planner;
mod process;
pub mod progress;
pub mod reminders;
pub mod routines;
pub mod store;
mod text;
pub mod training;
mod weekly;
mod workouts;

pub use app::App;
pub use config::WorkoutSvcConfig;
pub use process::Process;
pub use training::{Training, TrainingError};

/// The service in traces, events and the database's list of connections.
pub const NAME: &str = "workout-svc";
