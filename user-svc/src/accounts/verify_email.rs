//! `VerifyEmail`: proves an address with the mailed code and signs in.

use fitness_proto::fitness::user::v1::{EmailVerified, SignInMethod};
use secrecy::SecretString;

use super::limits::Act;
use super::{AccountError, Accounts, SignedIn, timestamp};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::one_time_code::Purpose;
use crate::store::{pending_registrations, users};

/// An address and the code that was mailed to it.
#[derive(Debug)]
pub struct VerifyEmail {
    /// The address.
    pub email: String,
    /// The code as it was typed.
    pub code: SecretString,
}

impl Accounts {
    /// Uses the code up, marks the address as proved and opens a session.
    ///
    /// A wrong code, an expired one and an unknown address answer alike.
    pub async fn verify_email(
        &self,
        request: VerifyEmail,
        client: &Client,
    ) -> Result<SignedIn, AccountError> {
        let email = EmailAddress::parse_field(&request.email)?;
        let spent = self.spend(Act::TryCode(&email, Purpose::Verify), client).await?;
        let now = self.now();
        let place = self.place(&email, client, spent.known);

        let mut transaction = self.pool.begin().await?;
        let user =
            self.try_code(&mut transaction, (&email, &request.code), Purpose::Verify, place, now).await?;
        let Some(mut user) = user else {
            transaction.commit().await?;
            return Err(AccountError::CodeInvalid);
        };
        users::mark_email_verified(&mut transaction, user.user_id, now).await?;
        pending_registrations::delete(&mut transaction, &self.address_hash(&email)).await?;
        let event = EmailVerified { user_id: user.user_id.to_string(), verify_time: Some(timestamp(now)) };
        self.outbox.enqueue(&mut transaction, &event).await?;
        user.email_verified = true;
        self.appoint_if_named(&mut transaction, &mut user, now).await?;
        let signed_in = self.sign_in(&mut transaction, user, client, SignInMethod::Verification, now).await?;
        transaction.commit().await?;
        self.outbox.committed();
        self.give_back(spent).await;

        tracing::info!(user_id = %signed_in.user.user_id, "address verified");
        Ok(signed_in)
    }
}
