//! The process of notify-svc: its sub-commands and its end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "tests live by the clock of the machine")]

mod binary;
mod health;
mod migrating;
mod settings;
mod stopping;
mod topics;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::binary::Subject;

const SUBJECT: Subject = Subject {
    name: "notify-svc",
    binary: env!("CARGO_BIN_EXE_notify-svc"),
    ops_addr: "NOTIFY_SVC_OPS_ADDR",
    listeners: &["NOTIFY_SVC_GRPC_ADDR"],
    secrets,
};

/// What it publishes on, listens to and buries in, and whose dead letters it looks after.
const TOPICS: [&str; 6] = [
    "fitness.notification.events",
    "fitness.user.events",
    "fitness.workout.events",
    "notify-svc.dead-letters",
    "user-svc.dead-letters",
    "workout-svc.dead-letters",
];

fn secrets() -> Vec<(&'static str, String)> {
    vec![("SEALING_KEYS", format!("test:{}", STANDARD.encode(rand::random::<[u8; 32]>())))]
}
