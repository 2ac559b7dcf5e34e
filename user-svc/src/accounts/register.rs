//! Register: opens an account and sends a code to prove its address.
//!
//! What follows for the owner of the address depends on what is known of it:
//!
//! | The address is | Account | Events |
//! |---|---|---|
//! | new | opened | `UserRegistered`, `OneTimeCodeIssued` |
//! | known, not proved | password and profile replaced | `RegistrationRepeated`, and `OneTimeCodeIssued` if no code works any more |
//! | known, proved | unchanged | `RegistrationRepeated` |
//!
//! Whoever asks learns nothing of this.

use chassis::errors::Violation;
use chrono::TimeDelta;
use fitness_proto::fitness::user::v1::{RegistrationRepeated, UserRegistered};
use secrecy::SecretString;
use uuid::Uuid;

use super::{AccountError, Accounts, timestamp};
use crate::email_address::EmailAddress;
use crate::profile::Profile;
use crate::store::decoy;
use crate::store::one_time_codes::{self, Earlier};
use crate::store::users::{self, NewUser};

/// Shortest time between two mails about attempts to register one address.
const NOTICE_INTERVAL: TimeDelta = TimeDelta::hours(1);

/// What an account is opened with.
#[derive(Debug)]
pub struct Register {
    /// Address.
    pub email: String,
    /// Password.
    pub password: SecretString,
    /// Name shown to other people.
    pub display_name: String,
    /// Language tag; empty means English.
    pub locale: String,
    /// IANA time zone; empty means UTC.
    pub time_zone: String,
}

impl Accounts {
    /// Opens the account, or tells the owner of the address about the attempt.
    pub async fn register(&self, request: Register) -> Result<(), AccountError> {
        let (email, profile) = parse(&request)?;
        // Hashed in every case, and before the transaction: it takes longer than all the rest.
        let password_hash = self.passwords.hash(request.password).await?;
        let now = self.now();

        // Five statements on every path: where a path has less to do, a decoy takes the turn.
        let mut transaction = self.pool.begin().await?;
        let new = NewUser {
            user_id: Uuid::now_v7(),
            email: &email,
            password_hash: &password_hash,
            profile: &profile,
            now,
        };
        let account = users::register(&mut transaction, &new).await?;
        let user_id = account.user_id;
        let (code, code_issued) = self.draw_code(user_id, now);

        let notice_due = if account.opened {
            decoy::write(&mut transaction).await?;
            false
        } else {
            let not_since = now - NOTICE_INTERVAL;
            users::claim_registration_notice(&mut transaction, user_id, now, not_since).await?
        };
        let code_stored = if account.email_verified {
            decoy::write(&mut transaction).await?;
            false
        } else {
            one_time_codes::issue(&mut transaction, &code, Earlier::Keep).await?
        };
        if account.opened {
            let event = UserRegistered {
                user_id: user_id.to_string(),
                email: email.as_str().to_owned(),
                display_name: profile.display_name,
                locale: profile.locale.as_str().to_owned(),
                time_zone: profile.time_zone.name().to_owned(),
                create_time: Some(timestamp(now)),
            };
            self.outbox.enqueue(&mut transaction, &event).await?;
        } else if notice_due {
            let event =
                RegistrationRepeated { user_id: user_id.to_string(), attempt_time: Some(timestamp(now)) };
            self.outbox.enqueue(&mut transaction, &event).await?;
        } else {
            decoy::write(&mut transaction).await?;
        }
        if code_stored {
            self.outbox.enqueue(&mut transaction, &code_issued).await?;
        } else {
            decoy::write(&mut transaction).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(%user_id, opened = account.opened, "registration accepted");
        Ok(())
    }
}

fn parse(request: &Register) -> Result<(EmailAddress, Profile), Vec<Violation>> {
    let email =
        EmailAddress::parse(&request.email).map_err(|error| vec![Violation::new("email", error.to_string())]);
    let profile = Profile::parse(&request.display_name, &request.locale, &request.time_zone);
    match (email, profile) {
        (Ok(email), Ok(profile)) => Ok((email, profile)),
        (email, profile) => Err([email.err(), profile.err()].into_iter().flatten().flatten().collect()),
    }
}
