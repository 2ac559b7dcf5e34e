//! `ExportMe`: what is kept about the caller.

use chassis::auth::Principal;
use chrono::{DateTime, Utc};

use super::{AccountError, Accounts};
use crate::session::{KnownDevice, Session};
use crate::store::{devices, sessions, user_list};
use crate::user::User;

/// What is kept about an account, secrets excepted.
pub struct Export {
    /// The account.
    pub user: User,
    /// When its address was proved.
    pub email_verify_time: Option<DateTime<Utc>>,
    /// When its password was last changed.
    pub password_change_time: Option<DateTime<Utc>>,
    /// When its profile or roles were last changed.
    pub update_time: DateTime<Utc>,
    /// Its living sessions, newest first.
    pub sessions: Vec<Session>,
    /// What it was signed in from, latest first.
    pub devices: Vec<KnownDevice>,
    /// When this was read.
    pub export_time: DateTime<Utc>,
}

impl Accounts {
    /// Reads everything about the caller.
    pub async fn export_me(&self, principal: &Principal) -> Result<Export, AccountError> {
        let now = self.now();
        let mut connection = self.pool.acquire().await?;
        let user = self.caller(&mut connection, principal).await?;
        let times = user_list::times(&mut connection, user.user_id).await?;
        let times = times.ok_or(AccountError::SessionEnded)?;
        Ok(Export {
            email_verify_time: times.email_verify_time,
            password_change_time: times.password_change_time,
            update_time: times.update_time,
            sessions: sessions::page(&mut connection, user.user_id, None, i64::MAX, now).await?,
            devices: devices::of_user(&mut connection, user.user_id).await?,
            export_time: now,
            user,
        })
    }
}
