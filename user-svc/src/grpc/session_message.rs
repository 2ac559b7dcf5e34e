//! Sessions and devices as protobuf messages.

use fitness_proto::fitness::user::v1 as proto;
use uuid::Uuid;

use crate::accounts::timestamp;
use crate::session::{KnownDevice, Session};

/// Answers the message of a session to a caller in the session `current`.
pub(super) fn from(session: Session, current: Uuid) -> proto::Session {
    proto::Session {
        session_id: session.session_id.to_string(),
        device: session.device,
        create_time: Some(timestamp(session.create_time)),
        last_use_time: Some(timestamp(session.last_use_time)),
        expire_time: Some(timestamp(session.expire_time)),
        current: session.session_id == current,
    }
}

/// Answers the message of a device.
pub(super) fn from_device(device: KnownDevice) -> proto::Device {
    proto::Device {
        device: device.device,
        first_use_time: Some(timestamp(device.first_use_time)),
        last_use_time: Some(timestamp(device.last_use_time)),
    }
}
