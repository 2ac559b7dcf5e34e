//! The process of workout-svc: its sub-commands and its end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod binary;
mod health;
mod migrating;
mod settings;
mod stopping;
mod topics;

use crate::binary::Subject;

const SUBJECT: Subject = Subject {
    name: "workout-svc",
    binary: env!("CARGO_BIN_EXE_workout-svc"),
    ops_addr: "WORKOUT_SVC_OPS_ADDR",
    listeners: &["WORKOUT_SVC_GRPC_ADDR"],
    secrets,
};

fn secrets() -> Vec<(&'static str, String)> {
    vec![("WORKOUT_SVC_EVENT_KEY", crate::binary::EVENT_KEY.to_owned())]
}

/// What it publishes on, listens to and buries in.
const TOPICS: [&str; 3] = ["fitness.user.events", "fitness.workout.events", "workout-svc.dead-letters"];
