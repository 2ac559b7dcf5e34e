//! Who calls, and what they may do.

use chassis::auth::Principal;
use chassis::auth::Role;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Athlete;
use crate::store::{athletes, roles};
use crate::training::{Training, TrainingError};

impl Training {
    /// Answers the athlete of an account, to read something.
    pub(crate) async fn athlete(
        &self,
        connection: &mut PgConnection,
        user_id: Uuid,
    ) -> Result<Athlete, TrainingError> {
        match athletes::find(connection, user_id).await? {
            Some(athlete) => Ok(athlete),
            None => Err(absent(connection, user_id).await?),
        }
    }

    /// Answers the athlete of an account, to change something: the account cannot be erased before the transaction
    /// ends, so nothing is written for an erased one.
    pub(crate) async fn hold_athlete(
        &self,
        connection: &mut PgConnection,
        user_id: Uuid,
    ) -> Result<Athlete, TrainingError> {
        match athletes::hold(connection, user_id).await? {
            Some(athlete) => Ok(athlete),
            None => Err(absent(connection, user_id).await?),
        }
    }

    /// The same, to change something on which the whole training of the athlete depends: such changes take turns.
    pub(crate) async fn lock_athlete(
        &self,
        connection: &mut PgConnection,
        user_id: Uuid,
    ) -> Result<Athlete, TrainingError> {
        match athletes::lock(connection, user_id).await? {
            Some(athlete) => Ok(athlete),
            None => Err(absent(connection, user_id).await?),
        }
    }

    /// Refuses a caller without the role. What user-svc said last counts; the token only if it never said anything.
    pub(crate) async fn require_role(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
        role: Role,
    ) -> Result<(), TrainingError> {
        let roles = roles::find(connection, principal.user_id).await?;
        let roles = roles.as_ref().unwrap_or(&principal.roles);
        if roles.iter().any(|name| name == role.name()) { Ok(()) } else { Err(TrainingError::Forbidden) }
    }
}

async fn absent(connection: &mut PgConnection, user_id: Uuid) -> sqlx::Result<TrainingError> {
    let erased = athletes::is_erased(connection, user_id).await?;
    Ok(if erased { TrainingError::AccountGone } else { TrainingError::ProfilePending })
}
