//! Sessions and devices as their owner sees them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A living session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Identifier, a `UUIDv7`.
    pub session_id: Uuid,
    /// What signed in, such as `Firefox on Linux`; empty if it did not say.
    pub device: String,
    /// When it was opened.
    pub create_time: DateTime<Utc>,
    /// When it was opened or last refreshed.
    pub last_use_time: DateTime<Utc>,
    /// When it ends unless it is refreshed before.
    pub expire_time: DateTime<Utc>,
}

/// Something that an account was signed in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// What it said it was, such as `Firefox on Linux`; empty if it said nothing.
    pub device: String,
    /// When it first signed in.
    pub first_use_time: DateTime<Utc>,
    /// When it last signed in.
    pub last_use_time: DateTime<Utc>,
}
