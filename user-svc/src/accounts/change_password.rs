//! `ChangePassword`: the owner, who is signed in and knows the old password, chooses a new one.

use chassis::auth::Principal;
use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::{PasswordChangeReason, PasswordChanged};
use secrecy::SecretString;

use super::limits::Act;
use super::pending::REPEAT_WINDOW;
use super::{AccountError, Accounts, timestamp};
use crate::client::Client;
use crate::password::Comparison;
use crate::password::strength::Owner;
use crate::store::passwords::{self, Credentials};
use crate::store::sessions;

/// Both passwords.
#[derive(Debug)]
pub struct ChangePassword {
    /// The one until now.
    pub old_password: SecretString,
    /// The one from now on.
    pub new_password: SecretString,
}

impl Accounts {
    /// Changes the password and ends all other sessions.
    ///
    /// Who holds a stolen session gets no more guesses at the password than at the front door. An account without a
    /// password gets its first one by a mailed link, as a session alone does not prove its owner.
    pub async fn change_password(
        &self,
        principal: &Principal,
        request: ChangePassword,
        client: &Client,
    ) -> Result<(), AccountError> {
        let (caller, stored) = {
            let mut connection = self.pool.acquire().await?;
            let caller = self.caller(&mut connection, principal).await?;
            let stored = passwords::by_id(&mut connection, caller.user_id).await?;
            (caller, stored.ok_or(AccountError::SessionEnded)?)
        };
        let spent = self.spend(Act::TryOldPassword(principal.user_id), client).await?;
        let owner = Owner { email: &caller.email, display_name: &caller.display_name };
        let chosen = match self.choose_password("new_password", &request.new_password, owner).await {
            Ok(chosen) => chosen,
            Err(error) => {
                self.give_back(spent).await;
                return Err(error);
            }
        };
        let comparison =
            match self.passwords.compare(request.old_password, stored.password_hash.as_deref()).await {
                Ok(comparison) => comparison,
                Err(error) => {
                    self.give_back(spent).await;
                    return Err(error.into());
                }
            };
        if comparison == Comparison::Differs {
            // A change whose answer was lost comes again: it has happened, and whoever asks knows the new password.
            if self.is_current_since(&request.new_password, &stored, self.now() - REPEAT_WINDOW).await? {
                self.give_back(spent).await;
                return Ok(());
            }
            return Err(AccountError::CredentialsInvalid);
        }
        self.give_back(spent).await;
        let password_hash = self.passwords.hash(chosen).await?;
        let now = self.now();

        let mut transaction = self.pool.begin().await?;
        let user_id = self.lock_caller(&mut transaction, principal).await?.user_id;
        // While the hashes were computed somebody else may have changed it.
        let current = passwords::by_id(&mut transaction, user_id).await?;
        if !current.is_some_and(|current| current.is_password_of(&stored)) {
            return Err(AccountError::CredentialsInvalid);
        }
        passwords::change(&mut transaction, user_id, &password_hash, now).await?;
        sessions::revoke_all(&mut transaction, user_id, Some(principal.session_id), now).await?;
        let event = PasswordChanged {
            user_id: user_id.to_string(),
            reason: PasswordChangeReason::Changed.into(),
            change_time: Some(timestamp(now)),
        };
        self.outbox.enqueue(&mut transaction, &event).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(%user_id, "password changed");
        Ok(())
    }

    /// Whether a password is the account's and became it after the given time.
    pub(super) async fn is_current_since(
        &self,
        password: &SecretString,
        stored: &Credentials,
        since: DateTime<Utc>,
    ) -> Result<bool, AccountError> {
        if stored.password_change_time.is_none_or(|time| time <= since) {
            return Ok(false);
        }
        let stored = stored.password_hash.as_deref();
        Ok(self.passwords.compare(password.clone(), stored).await? != Comparison::Differs)
    }
}
