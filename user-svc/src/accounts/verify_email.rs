//! `VerifyEmail`: proves an address with the mailed code and signs in.

use chassis::errors::Violation;
use fitness_proto::fitness::user::v1::EmailVerified;
use secrecy::{ExposeSecret as _, SecretString};

use super::{AccountError, Accounts, SignedIn, timestamp};
use crate::email_address::EmailAddress;
use crate::store::{decoy, one_time_codes, users};

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
    /// A wrong code, an expired one and an unknown address answer alike. A try is kept although it failed, which is
    /// why the transaction of a wrong code is committed too.
    pub async fn verify_email(&self, request: VerifyEmail) -> Result<SignedIn, AccountError> {
        let email = EmailAddress::parse(&request.email)
            .map_err(|error| vec![Violation::new("email", error.to_string())])?;
        let now = self.now();

        let mut transaction = self.pool.begin().await?;
        let user = users::lock_by_email(&mut transaction, &email).await?;
        let tried = if let Some(user) = &user {
            one_time_codes::count_try(&mut transaction, user.user_id, now).await?
        } else {
            decoy::write(&mut transaction).await?;
            None
        };
        let matching = user.zip(tried).filter(|(_, tried)| {
            self.pepper.matches(tried.code_id, request.code.expose_secret(), &tried.code_hash)
        });
        let Some((mut user, tried)) = matching else {
            transaction.commit().await?;
            return Err(AccountError::CodeInvalid);
        };
        one_time_codes::use_up(&mut transaction, tried.code_id, user.user_id, now).await?;
        users::mark_email_verified(&mut transaction, user.user_id, now).await?;
        let event = EmailVerified { user_id: user.user_id.to_string(), verify_time: Some(timestamp(now)) };
        self.outbox.enqueue(&mut transaction, &event).await?;
        user.email_verified = true;
        let signed_in = self.sign_in(&mut transaction, user, now).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(user_id = %signed_in.user.user_id, "address verified");
        Ok(signed_in)
    }
}
