//! workout-svc over a real gRPC connection, on a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod access;
mod athletes;
mod bad_input;
mod broker;
mod coaching;
mod diary;
mod erasure;
mod exercises;
mod fixture;
mod generating;
mod history;
mod hostile;
#[path = "../../../tests/hostile_events.rs"]
mod hostile_events;
mod limits;
mod poisoned_rows;
mod progress;
mod refusals;
mod reminders;
mod routines;
mod second_opinion;
mod workouts;
