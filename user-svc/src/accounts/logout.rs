//! `Logout`: the caller ends the session they are in.

use chassis::auth::Principal;

use super::{AccountError, Accounts};

impl Accounts {
    /// Ends the session of the caller.
    pub async fn logout(&self, principal: &Principal) -> Result<(), AccountError> {
        self.revoke_session(principal, principal.session_id).await.map_err(|error| match error {
            AccountError::NotFound => AccountError::SessionEnded,
            error => error,
        })
    }
}
