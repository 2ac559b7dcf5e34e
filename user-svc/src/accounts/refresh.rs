//! `Refresh`: exchanges a refresh token for the next tokens of its session.
//!
//! The tokens of a session are one family. Each works once; the next generation takes its place. A used token that
//! comes back means that two parties hold it, the owner and a thief, and nothing tells them apart: the session ends for
//! both (RFC 9700, section 4.14.2). That goes for two refreshes at the same moment as well: the row of the session is
//! locked, one of them wins, and the other one comes with a used token. Letting it pass for some seconds would be kinder
//! to a client that refreshes twice at once, and to a thief who is as quick; clients can be told to refresh one at a
//! time, thieves cannot.

use secrecy::{ExposeSecret as _, SecretString};

use super::pending::REPEAT_WINDOW;
use super::{AccountError, Accounts, SignedIn};
use crate::opaque_token::OpaqueToken;
use crate::store::{refresh_tokens, sessions, users};

impl Accounts {
    /// Uses a token up and answers the next ones; the session lives its whole time again.
    pub async fn refresh(&self, token: &SecretString) -> Result<SignedIn, AccountError> {
        let hash = OpaqueToken::hash(token.expose_secret());
        let now = self.now();

        let mut transaction = self.pool.begin().await?;
        let family = refresh_tokens::lock_family(&mut transaction, &hash, now).await?;
        let family = family.ok_or(AccountError::SessionEnded)?;
        let next = OpaqueToken::successor(&self.pepper, token);
        match refresh_tokens::use_up(&mut transaction, &hash, now).await? {
            Some(generation) => {
                let next = &next.hash;
                refresh_tokens::add(&mut transaction, family.session_id, generation + 1, next, now).await?;
            }
            // Tabs that refresh at once, or a client whose answer was lost: they get what the first one got.
            None if refresh_tokens::is_repeat(&mut transaction, &hash, &next.hash, now - REPEAT_WINDOW)
                .await? => {}
            None => {
                sessions::revoke(&mut transaction, family.session_id, family.user_id, now).await?;
                transaction.commit().await?;
                tracing::warn!(
                    user_id = %family.user_id,
                    session_id = %family.session_id,
                    "a refresh token came twice, its session is revoked"
                );
                return Err(AccountError::SessionEnded);
            }
        }
        let user = users::by_id(&mut transaction, family.user_id).await?;
        let user = user.ok_or(AccountError::SessionEnded)?;
        sessions::renew(&mut transaction, family.session_id, now, now + self.session_lifetime).await?;
        transaction.commit().await?;

        Ok(self.signed_in(user, family.session_id, next, now))
    }
}
