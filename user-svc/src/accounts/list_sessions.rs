//! `ListSessions`: where the caller is signed in.

use chassis::auth::Principal;

use super::{AccountError, Accounts};
use crate::paging::{Page, PageRequest};
use crate::session::Session;
use crate::store::sessions;

impl Accounts {
    /// Answers the living sessions of the caller, newest first.
    pub async fn list_sessions(
        &self,
        principal: &Principal,
        request: PageRequest,
    ) -> Result<Page<Session>, AccountError> {
        let mut connection = self.pool.acquire().await?;
        let caller = self.caller(&mut connection, principal).await?;
        let (after, rows) = (request.after(), request.rows());
        let found = sessions::page(&mut connection, caller.user_id, after, rows, self.now()).await?;
        Ok(request.page(found, |session| session.session_id))
    }
}
