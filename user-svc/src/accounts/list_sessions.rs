//! `ListSessions`: where the caller is signed in.

use chassis::auth::Principal;
use chassis::paging::{Listed, Page};
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::session::Session;
use crate::store::sessions;

impl Accounts {
    /// Answers the living sessions of the caller, newest first.
    pub async fn list_sessions(
        &self,
        principal: &Principal,
        page: &Page<Uuid>,
    ) -> Result<Listed<Session>, AccountError> {
        let mut connection = self.pool.acquire().await?;
        let caller = self.caller(&mut connection, principal).await?;
        let (after, limit) = (page.after, page.limit());
        let found = sessions::page(&mut connection, caller.user_id, after, limit, self.now()).await?;
        Ok(page.cut(found, |session| session.session_id))
    }
}
