//! `ResetPassword`: chooses a new password with the token of a mailed link.

use fitness_proto::fitness::user::v1::{PasswordChangeReason, PasswordChanged};
use secrecy::{ExposeSecret as _, SecretString};

use super::limits::Act;
use super::pending::REPEAT_WINDOW;
use super::{AccountError, Accounts, timestamp};
use crate::client::Client;
use crate::opaque_token::OpaqueToken;
use crate::password::strength::Owner;
use crate::store::{password_resets, passwords, sessions, users};

/// The token of the link and the password to have.
#[derive(Debug)]
pub struct ResetPassword {
    /// The token.
    pub token: SecretString,
    /// The password.
    pub new_password: SecretString,
}

impl Accounts {
    /// Uses the link up, changes the password and ends all sessions: whoever knew the old one is out.
    pub async fn reset_password(&self, request: ResetPassword, client: &Client) -> Result<(), AccountError> {
        let spent = self.spend(Act::TryLink, client).await?;
        let token_hash = OpaqueToken::hash(request.token.expose_secret());
        // Looked up before the hash is computed: an invented token must not cost that much.
        let found = {
            let mut connection = self.pool.acquire().await?;
            password_resets::find(&mut connection, &token_hash, self.now()).await?
        };
        let Some(user_id) = found else {
            // A reset whose answer was lost comes again: it has happened, and nothing is left to do.
            if self.was_reset(&token_hash, &request.new_password).await? {
                self.give_back(spent).await;
                return Ok(());
            }
            return Err(AccountError::ResetTokenInvalid);
        };
        self.give_back(spent).await;
        // Whoever holds the link has proved to own the address, and may hear of it. A refusal leaves the link as it is.
        let user = {
            let mut connection = self.pool.acquire().await?;
            users::by_id(&mut connection, user_id).await?.ok_or(AccountError::ResetTokenInvalid)?
        };
        let owner = Owner { email: &user.email, display_name: &user.display_name };
        let chosen = self.choose_password("new_password", &request.new_password, owner).await?;
        let password_hash = self.passwords.hash(chosen).await?;
        let now = self.now();

        let mut transaction = self.pool.begin().await?;
        users::lock_by_id(&mut transaction, user_id).await?.ok_or(AccountError::ResetTokenInvalid)?;
        if !password_resets::use_up(&mut transaction, user_id, &token_hash, now).await? {
            return Err(AccountError::ResetTokenInvalid);
        }
        passwords::change(&mut transaction, user_id, &password_hash, now).await?;
        sessions::revoke_all(&mut transaction, user_id, None, now).await?;
        let event = PasswordChanged {
            user_id: user_id.to_string(),
            reason: PasswordChangeReason::Reset.into(),
            change_time: Some(timestamp(now)),
        };
        self.outbox.enqueue(&mut transaction, &event).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(%user_id, "password reset");
        Ok(())
    }

    /// Whether a link was used within the last minute to choose this password.
    async fn was_reset(&self, token_hash: &[u8; 32], password: &SecretString) -> Result<bool, AccountError> {
        let since = self.now() - REPEAT_WINDOW;
        let stored = {
            let mut connection = self.pool.acquire().await?;
            match password_resets::used_since(&mut connection, token_hash, since).await? {
                Some(user_id) => passwords::by_id(&mut connection, user_id).await?,
                None => None,
            }
        };
        match stored {
            Some(stored) => self.is_current_since(password, &stored, since).await,
            None => Ok(false),
        }
    }
}
