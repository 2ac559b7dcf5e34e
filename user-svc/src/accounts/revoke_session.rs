//! `RevokeSession`: the caller ends one of their sessions.

use chassis::auth::Principal;
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::store::sessions;

impl Accounts {
    /// Ends a session of the caller. One of somebody else is as good as none.
    pub async fn revoke_session(&self, principal: &Principal, session_id: Uuid) -> Result<(), AccountError> {
        let mut connection = self.pool.acquire().await?;
        let caller = self.caller(&mut connection, principal).await?;
        let revoked = sessions::revoke(&mut connection, session_id, caller.user_id, self.now()).await?;
        if !revoked {
            return Err(AccountError::NotFound);
        }
        tracing::info!(user_id = %caller.user_id, %session_id, "session revoked");
        Ok(())
    }
}
