//! Register: opens an account and sends a code to prove its address.
//!
//! What follows for the owner of the address depends on what is known of it:
//!
//! | The address is | Account | Events |
//! |---|---|---|
//! | new | opened | `UserRegistered`, `OneTimeCodeIssued` |
//! | known, not proved | profile replaced, no password any more | `UserProfileUpdated` if it differs, `RegistrationRepeated`, `OneTimeCodeIssued` if no code works any more |
//! | known, proved | unchanged | `RegistrationRepeated` |
//!
//! Whoever asks learns nothing of this. The same request within its minute is a repeat and changes nothing, known or not.

use chassis::errors::Violation;
use chrono::{DateTime, TimeDelta, Utc};
use fitness_proto::fitness::user::v1::{RegistrationRepeated, UserRegistered};
use secrecy::SecretString;
use uuid::Uuid;

use super::limits::Act;
use super::pending::{self, LIFETIME, REPEAT_WINDOW};
use super::update_me::profile_updated;
use super::{AccountError, Accounts, timestamp};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::one_time_code::Purpose;
use crate::password::strength::Owner;
use crate::profile::Profile;
use crate::store::one_time_codes::{self, AskingPlace, Earlier};
use crate::store::registrations::{self, NewUser};
use crate::store::{decoy, pending_registrations};

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

/// How often a registration makes way for another one of its address that came in between. The last try goes through
/// in any case.
const TURNS: u32 = 4;

impl Accounts {
    /// Opens the account, or tells the owner of the address about the attempt.
    pub async fn register(&self, request: Register, client: &Client) -> Result<(), AccountError> {
        let (email, profile) = parse(&request)?;
        let spent = self.spend(Act::Register(&email), client).await?;
        // By what the request says and nothing else: an answer that depended on an account would tell of it. Counted
        // before, as a judgement is work; a weak password uses up nothing.
        let owner = Owner { email: &request.email, display_name: &request.display_name };
        let chosen = match self.choose_password("password", &request.password, owner).await {
            Ok(chosen) => chosen,
            Err(error) => {
                self.give_back(spent).await;
                return Err(error);
            }
        };
        let address_hash = self.address_hash(&email);
        let request_hash = self.request_hash(&request);
        let mut hashed = None;
        for turn in 1..=TURNS {
            let earlier = self.fresh_registration(&address_hash, self.now()).await?;
            if let Some(earlier) = &earlier
                && self.is_repeat(&request_hash, &request.password, earlier).await?
            {
                tracing::info!("a registration came again");
                return Ok(());
            }
            // Hashed in every case, and before the transaction: it takes longer than all the rest.
            let password_hash = match hashed.take() {
                Some(password_hash) => password_hash,
                None => self.passwords.hash(chosen.clone()).await?,
            };
            let attempt = Attempt {
                email: &email,
                profile: &profile,
                address_hash,
                request_hash,
                place: self.asking_place(&email, client),
                seen: earlier.map(|earlier| earlier.registration_id),
                last: turn == TURNS,
            };
            if self.open(&attempt, &password_hash).await? {
                break;
            }
            hashed = Some(password_hash);
        }
        Ok(())
    }

    /// Stores a registration, unless another one of the address came in between.
    async fn open(&self, attempt: &Attempt<'_>, password_hash: &str) -> Result<bool, AccountError> {
        let Attempt { email, profile, address_hash, request_hash, place, seen, last } = *attempt;
        let now = self.now();

        // Five statements on every path: where a path has less to do, a decoy takes the turn.
        let mut transaction = self.pool.begin().await?;
        let new = NewUser { user_id: Uuid::now_v7(), email, password_hash, profile, now };
        let account = registrations::register(&mut transaction, &new).await?;
        let user_id = account.user_id;
        let pending = pending::pending(new.user_id, password_hash, request_hash, now);
        let (expire_time, not_since) = (now + LIFETIME, if last { now } else { now - REPEAT_WINDOW });
        let put = pending_registrations::put(
            &mut transaction,
            &address_hash,
            &pending,
            expire_time,
            seen,
            not_since,
        );
        if !put.await? && !last {
            transaction.rollback().await?;
            return Ok(false);
        }
        let (code, code_issued) = self.draw_code(user_id, email, Purpose::Verify, now);

        let notice_due = if account.opened {
            decoy::write(&mut transaction).await?;
            false
        } else {
            let not_since = now - NOTICE_INTERVAL;
            registrations::claim_notice(&mut transaction, user_id, now, not_since).await?
        };
        let code_stored = if account.email_verified {
            decoy::write(&mut transaction).await?;
            false
        } else {
            one_time_codes::issue(&mut transaction, &code, Earlier::Keep, &place).await?
        };

        let mut events = Vec::new();
        if account.opened {
            events.push(self.encode(&registered(user_id, email, profile, now)));
        } else if account.profile_taken {
            events.push(self.encode(&profile_updated(user_id, account.email, profile, now)));
        }
        if notice_due {
            let attempt_time = Some(timestamp(now));
            events.push(self.encode(&RegistrationRepeated { user_id: user_id.to_string(), attempt_time }));
        }
        if code_stored {
            events.push(self.encode(&code_issued));
        }
        if events.is_empty() {
            decoy::write(&mut transaction).await?;
        } else {
            self.outbox.write(&mut transaction, &events).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(%user_id, opened = account.opened, "registration accepted");
        Ok(true)
    }
}

/// One try to store a registration.
struct Attempt<'a> {
    email: &'a EmailAddress,
    profile: &'a Profile,
    address_hash: [u8; 32],
    request_hash: [u8; 32],
    /// Where it comes from.
    place: AskingPlace,
    /// The registration of the last minute that this one is not a repeat of.
    seen: Option<Uuid>,
    last: bool,
}

fn registered(user_id: Uuid, email: &EmailAddress, profile: &Profile, now: DateTime<Utc>) -> UserRegistered {
    UserRegistered {
        user_id: user_id.to_string(),
        email: email.as_str().to_owned(),
        display_name: profile.display_name.clone(),
        locale: profile.locale.as_str().to_owned(),
        time_zone: profile.time_zone.name().to_owned(),
        create_time: Some(timestamp(now)),
    }
}

fn parse(request: &Register) -> Result<(EmailAddress, Profile), Vec<Violation>> {
    let email = EmailAddress::parse_field(&request.email);
    let profile = Profile::parse(&request.display_name, &request.locale, &request.time_zone);
    match (email, profile) {
        (Ok(email), Ok(profile)) => Ok((email, profile)),
        (email, profile) => Err([email.err(), profile.err()].into_iter().flatten().flatten().collect()),
    }
}
