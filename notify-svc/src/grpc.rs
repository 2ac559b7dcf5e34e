//! The gRPC services: requests in, use case, responses out. Nothing is decided here.

mod dead_letter_message;
mod failure;
mod notification_admin_service;
mod notification_message;
mod notification_service;
mod preference_changes;

pub(crate) use self::notification_admin_service::NotificationAdminApi;
pub(crate) use self::notification_service::NotificationApi;

use chassis::time::timestamp;
