//! The states of a notification.

use std::fmt;
use std::str::FromStr;

use super::{UnknownName, named};

/// Where a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not tried yet.
    Pending,
    /// A worker is about to send it, is sending it, or died while sending it.
    Sending,
    /// The relay took responsibility.
    Sent,
    /// Tried without success; tried again later.
    Deferred,
    /// Given up.
    Failed,
    /// The connection was lost after the last byte and before the reply.
    InDoubt,
    /// Made pointless by a newer one, or stopped by an administrator.
    Cancelled,
    /// Its `deliver_before` passed.
    Expired,
    /// The address takes no mail.
    Suppressed,
    /// The recipient does not want it.
    Skipped,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Sending,
        Self::Sent,
        Self::Deferred,
        Self::Failed,
        Self::InDoubt,
        Self::Cancelled,
        Self::Expired,
        Self::Suppressed,
        Self::Skipped,
    ];

    /// The name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Suppressed => "suppressed",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        named(&Self::ALL, Self::name, "state", name)
    }
}
