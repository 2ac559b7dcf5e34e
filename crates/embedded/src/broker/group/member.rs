//! One member of a group: what it brought, and how long it is believed to be there.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::protocol::StrBytes;
use tokio::time::Instant;

/// What a member brings.
#[derive(Clone, Debug)]
pub(in crate::broker) struct Joining {
    pub(in crate::broker) member: StrBytes,
    pub(in crate::broker) instance: Option<StrBytes>,
    pub(in crate::broker) client: StrBytes,
    pub(in crate::broker) session_timeout: Duration,
    pub(in crate::broker) rebalance_timeout: Duration,
    pub(in crate::broker) protocol_type: StrBytes,
    /// Assignment strategies in the order of preference, each with the member's subscription.
    pub(in crate::broker) protocols: Vec<(StrBytes, Bytes)>,
}

/// A member as the group knows it.
#[derive(Debug)]
pub(in crate::broker) struct Member {
    pub(in crate::broker) joining: Joining,
    pub(in crate::broker) assignment: Bytes,
    pub(super) last_seen: Instant,
    /// Whether it has joined the generation being formed.
    pub(super) joined: bool,
}

impl Member {
    pub(super) fn supports(&self, protocol: &StrBytes) -> bool {
        self.joining.protocols.iter().any(|(name, _)| name == protocol)
    }

    pub(super) fn expires(&self) -> Instant {
        self.last_seen + self.joining.session_timeout
    }
}
