//! The account as a protobuf message.

use fitness_proto::fitness::user::v1 as proto;

use crate::accounts::timestamp;
use crate::user::User;

/// Answers the message of an account.
pub(super) fn from(user: User) -> proto::User {
    proto::User {
        user_id: user.user_id.to_string(),
        email: user.email,
        display_name: user.display_name,
        locale: user.locale,
        time_zone: user.time_zone,
        roles: user.roles.into_iter().map(|role| proto::Role::from(role).into()).collect(),
        email_verified: user.email_verified,
        create_time: Some(timestamp(user.create_time)),
        password_set: user.password_set,
    }
}
