//! `ListUsers`: the accounts of this installation, for admins.

use chassis::auth::Principal;
use chassis::errors::Violation;
use chassis::paging::{Listed, Page};
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::store::user_list;
use crate::user::User;

impl Accounts {
    /// Answers accounts in the order in which they were opened, or those whose address begins with `email_prefix` by address.
    /// Page tokens name an account, never an address: they stand in URLs.
    pub async fn list_users(
        &self,
        principal: &Principal,
        email_prefix: &str,
        page: &Page<Uuid>,
    ) -> Result<Listed<User>, AccountError> {
        if !email_prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            let reason = "must be the beginning of an e-mail address";
            return Err(vec![Violation::new("email_prefix", reason)].into());
        }
        let mut connection = self.pool.acquire().await?;
        self.admin(&mut connection, principal).await?;
        let prefix = email_prefix.to_ascii_lowercase();
        let found = if prefix.is_empty() {
            user_list::page(&mut connection, page.after, page.limit()).await?
        } else {
            let after = match page.after {
                None => None,
                Some(user_id) => {
                    let key = user_list::email_key(&mut connection, user_id).await?;
                    let reason = "is of an account that is gone; begin with the first page";
                    Some(key.ok_or_else(|| vec![Violation::new("page_token", reason)])?)
                }
            };
            user_list::page_by_address(&mut connection, &prefix, after.as_deref(), page.limit()).await?
        };
        Ok(page.cut(found, |user| user.user_id))
    }
}
