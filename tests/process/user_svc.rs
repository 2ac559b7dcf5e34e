//! The process of user-svc: its sub-commands and its end.
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
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;

use crate::binary::Subject;

const SUBJECT: Subject = Subject {
    name: "user-svc",
    binary: env!("CARGO_BIN_EXE_user-svc"),
    ops_addr: "USER_SVC_OPS_ADDR",
    listeners: &["USER_SVC_GRPC_ADDR"],
    secrets,
};

/// What it publishes on, listens to and buries in.
const TOPICS: [&str; 3] = ["fitness.user.events", "fitness.workout.events", "user-svc.dead-letters"];

fn secrets() -> Vec<(&'static str, String)> {
    let random = || STANDARD.encode(rand::random::<[u8; 32]>());
    let key = SigningKey::from_bytes(&rand::random()).to_pkcs8_pem(LineEnding::LF).unwrap();
    vec![
        ("JWT_SIGNING_KEY", key.to_string()),
        ("USER_SVC_EVENT_KEY", crate::binary::EVENT_KEY.to_owned()),
        ("SEALING_KEYS", format!("test:{}", random())),
        ("CODE_PEPPER", random()),
    ]
}
