//! Login: signs in with address and password.

use chassis::errors::Violation;
use secrecy::SecretString;

use super::{AccountError, Accounts, SignedIn};
use crate::email_address::EmailAddress;
use crate::password::Comparison;
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
    /// An unknown address takes as long as a wrong password: there is always a hash to compare with. That an address
    /// is not proved yet is told only to who has the password.
    pub async fn login(&self, request: Login) -> Result<SignedIn, AccountError> {
        let email = EmailAddress::parse(&request.email)
            .map_err(|error| vec![Violation::new("email", error.to_string())])?;
        // The connection goes back before the hash is computed, which takes longer than any statement.
        let found = {
            let mut connection = self.pool.acquire().await?;
            users::credentials_by_email(&mut connection, &email).await?
        };
        let stored = found.as_ref().map(|(_, hash)| hash.as_str());
        let comparison = self.passwords.compare(request.password.clone(), stored).await?;
        let (Some((user, stored)), Comparison::Matches { outdated }) = (found, comparison) else {
            return Err(AccountError::CredentialsInvalid);
        };
        if !user.email_verified {
            return Err(AccountError::EmailNotVerified);
        }
        let renewed = if outdated { Some(self.passwords.hash(request.password).await?) } else { None };

        let mut transaction = self.pool.begin().await?;
        if let Some(renewed) = renewed {
            users::renew_password_hash(&mut transaction, user.user_id, &stored, &renewed).await?;
        }
        let signed_in = self.sign_in(&mut transaction, user, self.now()).await?;
        transaction.commit().await?;

        tracing::info!(user_id = %signed_in.user.user_id, "signed in");
        Ok(signed_in)
    }
}
