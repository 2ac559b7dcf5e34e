//! Who may call: accounts that still exist, and administrators by what is known of their roles now.

use chassis::auth::{Principal, Role};
use sqlx::PgPool;

use crate::ledger::accounts;

/// Judges callers whose access token was verified.
///
/// A token lives for minutes and says what was true when it was issued. What user-svc has told since then counts more.
#[derive(Clone, Debug)]
pub struct Access {
    pool: PgPool,
}

/// Why a caller is turned away.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The account of the access token is gone.
    #[error("there is no such account any more")]
    AccountGone,
    /// The account is no administrator.
    #[error("only administrators may do this")]
    NotAdmin,
    /// The database did not answer as it should.
    #[error("the account cannot be looked up")]
    Database(#[from] sqlx::Error),
}

impl Access {
    /// Judges by the tables in `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Lets accounts pass that exist.
    pub async fn account(&self, caller: &Principal) -> Result<(), AccessError> {
        self.standing(caller).await.map(drop)
    }

    /// Lets administrators pass.
    pub async fn admin(&self, caller: &Principal) -> Result<(), AccessError> {
        let roles = self.standing(caller).await?;
        if roles.as_ref().unwrap_or(&caller.roles).iter().any(|role| role == Role::Admin.name()) {
            Ok(())
        } else {
            Err(AccessError::NotAdmin)
        }
    }

    /// Answers the roles that are known here.
    async fn standing(&self, caller: &Principal) -> Result<Option<Vec<String>>, AccessError> {
        let mut connection = self.pool.acquire().await?;
        let standing = accounts::standing(&mut connection, caller.user_id).await?;
        if standing.erased { Err(AccessError::AccountGone) } else { Ok(standing.roles) }
    }
}
