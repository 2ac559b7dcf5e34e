//! `ListUsers`: the accounts of this installation, for admins.

use chassis::auth::Principal;
use chassis::errors::Violation;

use super::{AccountError, Accounts};
use crate::paging::{Page, PageRequest};
use crate::store::user_list;
use crate::user::User;

impl Accounts {
    /// Answers accounts whose address begins with `email_prefix`, in the order in which they were opened.
    pub async fn list_users(
        &self,
        principal: &Principal,
        email_prefix: &str,
        request: PageRequest,
    ) -> Result<Page<User>, AccountError> {
        if !email_prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "must be the beginning of an e-mail address";
            return Err(vec![Violation::new("email_prefix", reason)].into());
        }
        let mut connection = self.pool.acquire().await?;
        self.admin(&mut connection, principal).await?;
        let prefix = email_prefix.to_ascii_lowercase();
        let found = user_list::page(&mut connection, request.after(), &prefix, request.rows()).await?;
        Ok(request.page(found, |user| user.user_id))
    }
}
