//! What every change of roles ends with: the new roles and the event that tells them to all services.

use chassis::auth::Role;
use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::{Role as RoleMessage, UserRolesChanged};
use sqlx::PgConnection;

use super::{AccountError, Accounts, timestamp};
use crate::store::roles;
use crate::user::User;

impl Accounts {
    /// Replaces the roles of an account whose row the transaction holds, and tells everybody if that is a change.
    pub(super) async fn replace_roles(
        &self,
        connection: &mut PgConnection,
        user: &mut User,
        wanted: &[Role],
        now: DateTime<Utc>,
    ) -> Result<(), AccountError> {
        let roles: Vec<_> =
            Role::ALL.into_iter().filter(|role| *role == Role::Athlete || wanted.contains(role)).collect();
        if roles == user.roles {
            return Ok(());
        }
        roles::replace(connection, user.user_id, &roles, now).await?;
        let event = UserRolesChanged {
            user_id: user.user_id.to_string(),
            roles: roles.iter().map(|role| RoleMessage::from(*role).into()).collect(),
            change_time: Some(timestamp(now)),
        };
        self.outbox.enqueue(connection, &event).await?;
        user.roles = roles;
        Ok(())
    }
}
