//! What an address's newest registration says, the same for an address that has an account and for one that has none.
//!
//! It serves two ends. Whoever registered and signs in before the address is proved is told so, whoever owns the
//! address: an answer that depended on the account would tell who has one. And a registration that comes again within
//! its minute, because its answer was lost, is recognised and changes nothing.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use super::register::Register;
use super::{AccountError, Accounts};
use crate::email_address::EmailAddress;
use crate::password::Comparison;
use crate::store::pending_registrations::{self, Pending};

/// How long a registration waits to be proved.
pub(super) const LIFETIME: TimeDelta = TimeDelta::days(7);
/// For how long the same request counts as a repeat of the first.
pub(super) const REPEAT_WINDOW: TimeDelta = TimeDelta::minutes(1);

impl Accounts {
    /// The name under which the registration of an address is kept.
    pub(super) fn address_hash(&self, email: &EmailAddress) -> [u8; 32] {
        self.pepper.pseudonym("registration", &[email.key().as_bytes()])
    }

    /// Everything that a registration says but its password.
    pub(super) fn request_hash(&self, request: &Register) -> [u8; 32] {
        let Register { email, password: _, display_name, locale, time_zone } = request;
        let parts = [email, display_name, locale, time_zone].map(std::string::String::as_bytes);
        self.pepper.pseudonym("registration-request", &parts)
    }

    /// The newest registration of an address if it came within the last minute.
    pub(super) async fn fresh_registration(
        &self,
        address_hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Pending>, AccountError> {
        let mut connection = self.pool.acquire().await?;
        let pending = pending_registrations::find(&mut connection, address_hash, now).await?;
        Ok(pending.filter(|pending| pending.register_time > now - REPEAT_WINDOW))
    }

    /// Whether a registration is the same as one of the last minute.
    pub(super) async fn is_repeat(
        &self,
        request_hash: &[u8; 32],
        password: &SecretString,
        earlier: &Pending,
    ) -> Result<bool, AccountError> {
        if earlier.request_hash != request_hash {
            return Ok(false);
        }
        let compared = self.passwords.compare(password.clone(), Some(&earlier.password_hash)).await?;
        Ok(compared != Comparison::Differs)
    }

    /// Why a password that opens no session is refused: whoever registered with it is told to prove the address.
    pub(super) async fn refusal(&self, email: &EmailAddress, password: SecretString) -> AccountError {
        let refusal = async {
            let pending = {
                let mut connection = self.pool.acquire().await?;
                pending_registrations::find(&mut connection, &self.address_hash(email), self.now()).await?
            };
            let stored = pending.as_ref().map(|pending| pending.password_hash.as_str());
            // Compared in every case, so that the time says nothing of anybody's registration.
            Ok(match self.passwords.compare(password, stored).await? {
                Comparison::Matches { .. } => AccountError::EmailNotVerified,
                Comparison::Differs => AccountError::CredentialsInvalid,
            })
        };
        refusal.await.unwrap_or_else(|error| error)
    }
}

/// A registration on its way into the table.
pub(super) fn pending(
    registration_id: Uuid,
    password_hash: &str,
    request_hash: [u8; 32],
    register_time: DateTime<Utc>,
) -> Pending {
    let password_hash = password_hash.to_owned();
    Pending { registration_id, password_hash, request_hash: request_hash.to_vec(), register_time }
}
