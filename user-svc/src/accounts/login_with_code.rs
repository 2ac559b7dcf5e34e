//! `LoginWithCode`: signs in with a mailed code.

use fitness_proto::fitness::user::v1::SignInMethod;
use secrecy::SecretString;

use super::limits::Act;
use super::{AccountError, Accounts, SignedIn};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::one_time_code::Purpose;

/// An address and the code that was mailed to it.
#[derive(Debug)]
pub struct LoginWithCode {
    /// The address.
    pub email: String,
    /// The code as it was typed.
    pub code: SecretString,
}

impl Accounts {
    /// Uses the code up and opens a session.
    ///
    /// A wrong code, an expired one and an unknown address answer alike.
    pub async fn login_with_code(
        &self,
        request: LoginWithCode,
        client: &Client,
    ) -> Result<SignedIn, AccountError> {
        let email = EmailAddress::parse_field(&request.email)?;
        let spent = self.spend(Act::TryCode(&email, Purpose::Login), client).await?;
        let now = self.now();
        let place = self.place(&email, client, spent.known);

        let mut transaction = self.pool.begin().await?;
        let user =
            self.try_code(&mut transaction, (&email, &request.code), Purpose::Login, place, now).await?;
        let Some(user) = user else {
            transaction.commit().await?;
            return Err(AccountError::CodeInvalid);
        };
        let signed_in = self.sign_in(&mut transaction, user, client, SignInMethod::Code, now).await?;
        transaction.commit().await?;
        self.outbox.committed();
        self.give_back(spent).await;

        tracing::info!(user_id = %signed_in.user.user_id, "signed in by code");
        Ok(signed_in)
    }
}
