//! Login: signs in with address and password.

use fitness_proto::fitness::user::v1::SignInMethod;
use secrecy::SecretString;

use super::limits::Act;
use super::{AccountError, Accounts, SignedIn};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::password::Comparison;
use crate::store::passwords::{self, Credentials};
use crate::store::users;

/// Address and password.
#[derive(Debug)]
pub struct Login {
    /// The address.
    pub email: String,
    /// The password as it was typed.
    pub password: SecretString,
}

impl Accounts {
    /// Compares the password and opens a session.
    ///
    /// An unknown address takes as long as a wrong password: there is always a hash to compare with. The password of an
    /// address that is not proved opens nothing; that it waits to be proved is told to who registered it with that
    /// password, whether or not somebody else has an account there.
    pub async fn login(&self, request: Login, client: &Client) -> Result<SignedIn, AccountError> {
        let email = EmailAddress::parse_field(&request.email)?;
        let spent = self.spend(Act::TryPassword(&email), client).await?;
        // The connection goes back before the hash is computed, which takes longer than any statement.
        let found = {
            let mut connection = self.pool.acquire().await?;
            passwords::by_email(&mut connection, &email).await?
        };
        let found = found.filter(Credentials::sign_in);
        let stored = found.as_ref().and_then(|found| found.password_hash.as_deref());
        let comparison = match self.passwords.compare(request.password.clone(), stored).await {
            Ok(comparison) => comparison,
            Err(error) => {
                self.give_back(spent).await;
                return Err(error.into());
            }
        };
        let (Some(found), Comparison::Matches { outdated }) = (found, comparison) else {
            let refusal = self.refusal(&email, request.password).await;
            if !matches!(refusal, AccountError::CredentialsInvalid) {
                self.give_back(spent).await;
            }
            return Err(refusal);
        };
        self.give_back(spent).await;
        let renewed = if outdated { Some(self.passwords.rehash(request.password).await?) } else { None };
        let now = self.now();

        let mut transaction = self.pool.begin().await?;
        // While the hash was computed the password may have been changed, and what it opened must stay shut.
        let user = users::lock_by_id(&mut transaction, found.user_id).await?;
        let current = passwords::by_id(&mut transaction, found.user_id).await?;
        let unchanged = current.is_some_and(|current| current.is_password_of(&found));
        let user = user.filter(|user| unchanged && user.email_verified);
        let user = user.ok_or(AccountError::CredentialsInvalid)?;
        if let Some(renewed) = renewed {
            passwords::renew(&mut transaction, user.user_id, &renewed).await?;
        }
        let signed_in = self.sign_in(&mut transaction, user, client, SignInMethod::Password, now).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(user_id = %signed_in.user.user_id, "signed in");
        Ok(signed_in)
    }
}
