//! What counts against which limit.
//!
//! A try is counted before its outcome is known and given back if it was right, so that guesses made at the same time
//! cannot share one. The count is kept under a keyed hash of the address, whether or not that has an account.
//!
//! What one network does to an account is counted by itself, so that nobody uses up what another one has. A second
//! count holds all networks together, against guesses from many of them; it does not hold for a device at a network
//! from where the mailbox's owner signed in before, or has just asked for the code that comes from there, so that
//! strangers slow strangers only.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::client::{Client, ClientAddress};
use crate::email_address::EmailAddress;
use crate::one_time_code::{LIFETIME, Purpose};
use crate::rate_limit::{SIGN_IN_WINDOW, STRANGERS, WINDOW};
use crate::store::rate_limits::{self, Charge, Spending};
use crate::store::{code_askers, known_places};

/// For how long a place is known after the last sign-in there.
pub(super) const PLACE_LIFETIME: TimeDelta = TimeDelta::days(90);

/// Something of which there is only so much.
#[derive(Clone, Copy)]
pub(super) enum Act<'a> {
    /// Signing in by password.
    TryPassword(&'a EmailAddress),
    /// Naming the old password of an account.
    TryOldPassword(Uuid),
    /// Typing in a code.
    TryCode(&'a EmailAddress, Purpose),
    /// Following a link.
    TryLink,
    /// Opening an account, which mails a code or a notice.
    Register(&'a EmailAddress),
    /// Asking for a code.
    AskForCode(&'a EmailAddress, Purpose),
    /// Asking for a link.
    AskForLink(&'a EmailAddress),
}

/// What was spent, to be given back if it should not count.
#[must_use]
pub(super) struct Spent {
    charges: Vec<Charge>,
    /// Whether it was done where strangers' limits do not hold.
    pub(super) known: bool,
}

/// What is limited, for whom, how many and for how long.
struct Limit {
    label: &'static str,
    subject: Vec<u8>,
    allowed: u32,
    window: TimeDelta,
}

impl Act<'_> {
    /// The address that it is about.
    fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::TryPassword(email)
            | Self::TryCode(email, _)
            | Self::Register(email)
            | Self::AskForCode(email, _)
            | Self::AskForLink(email) => Some(email),
            Self::TryOldPassword(_) | Self::TryLink => None,
        }
    }

    /// What kind of code it mails.
    fn mails(&self) -> Option<Purpose> {
        match self {
            Self::Register(_) => Some(Purpose::Verify),
            Self::AskForCode(_, purpose) => Some(*purpose),
            _ => None,
        }
    }
}

impl Accounts {
    /// Counts an act against its limits, or refuses it.
    pub(super) async fn spend(&self, act: Act<'_>, client: &Client) -> Result<Spent, AccountError> {
        let now = self.now();
        let known = self.is_known(act, client, now).await?;
        let charges = self.charges(act, client, known, now);
        let mut connection = self.pool.acquire().await?;
        let spending = if charges.is_empty() {
            Spending { granted: true, refused_until: None }
        } else {
            rate_limits::spend(&mut connection, &charges, now).await?
        };
        if spending.granted {
            if let Some(asker) = act.mails().and_then(|purpose| self.asker_hash(act, purpose, client)) {
                code_askers::note(&mut connection, &asker, now + LIFETIME).await?;
            }
            return Ok(Spent { charges, known });
        }
        tracing::debug!("over a rate limit");
        Err(AccountError::TooManyRequests { retry_after: wait(spending.refused_until, now) })
    }

    /// Gives back what a right try has spent. A failure costs its owner one try until the window ends, and no more.
    pub(super) async fn give_back(&self, Spent { charges, .. }: Spent) {
        if charges.is_empty() {
            return;
        }
        let given_back = async {
            let mut connection = self.pool.acquire().await?;
            rate_limits::give_back(&mut connection, &charges, self.now()).await
        };
        if let Err(error) = given_back.await {
            tracing::debug!(error = %chassis::lifecycle::chain(&error), "a right try stays counted");
        }
    }

    /// Whether the owner of the mailbox signed in from here before, or has just asked for the code; looked up for every
    /// address alike.
    async fn is_known(
        &self,
        act: Act<'_>,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<bool, AccountError> {
        let place = act.email().and_then(|email| self.place_hash(email, client));
        let Some(place) = place else { return Ok(false) };
        let mut connection = self.pool.acquire().await?;
        let known = known_places::is_known(&mut connection, &place, now - PLACE_LIFETIME).await?;
        let Act::TryCode(_, purpose) = act else { return Ok(known) };
        let Some(asker) = self.asker_hash(act, purpose, client) else { return Ok(known) };
        Ok(code_askers::has_asked(&mut connection, &asker, now).await? || known)
    }

    /// A place with the kind of code that was asked for there.
    fn asker_hash(&self, act: Act<'_>, purpose: Purpose, client: &Client) -> Option<[u8; 32]> {
        let place = self.place_hash(act.email()?, client)?;
        Some(self.pepper.pseudonym("asker", &[&place, purpose.as_str().as_bytes()]))
    }

    /// A device at a network, as the owner of a mailbox uses it. Who calls without a gateway is nowhere in particular.
    pub(super) fn place_hash(&self, email: &EmailAddress, client: &Client) -> Option<[u8; 32]> {
        let network = client.address?.network().to_string();
        let parts = [email.mailbox(), client.device.kind().to_owned(), network];
        Some(self.pepper.pseudonym("place", &parts.each_ref().map(std::string::String::as_bytes)))
    }

    fn charges(&self, act: Act<'_>, client: &Client, known: bool, now: DateTime<Utc>) -> Vec<Charge> {
        let mut charges = Vec::new();
        let mut charge = |label, parts: &[&[u8]], allowed: u32, window| {
            if allowed > 0 {
                charges.push(Charge {
                    key: self.pepper.pseudonym(label, parts),
                    allowed: i32::try_from(allowed).unwrap_or(i32::MAX),
                    expire_time: now + window,
                });
            }
        };
        if let Some(Limit { label, subject, allowed, window }) = self.limit_of_subject(act) {
            let network = client.address.map_or_else(String::new, |address| address.network().to_string());
            charge(label, &[&subject, network.as_bytes()], allowed, window);
            if !known {
                charge(label, &[&subject], allowed.saturating_mul(STRANGERS), window);
            }
        }
        let (label, allowed, window) = self.limit_of_client(act);
        for (network, length, customers) in client.address.map(ClientAddress::networks).unwrap_or_default() {
            // A known device does not pay for the rest of a wide network.
            if customers == 1 || !known {
                let allowed = allowed.saturating_mul(customers);
                charge(label, &[network.to_string().as_bytes(), &[length]], allowed, window);
            }
        }
        charges
    }

    fn limit_of_subject(&self, act: Act<'_>) -> Option<Limit> {
        let limits = &self.limits;
        let account = |email: &EmailAddress| email.key().as_bytes().to_vec();
        let mailbox = |email: &EmailAddress| email.mailbox().into_bytes();
        let (label, subject, allowed, window) = match act {
            Act::TryPassword(email) => {
                ("password", account(email), limits.sign_ins_per_address, SIGN_IN_WINDOW)
            }
            Act::TryOldPassword(user_id) => {
                ("old-password", user_id.as_bytes().to_vec(), limits.sign_ins_per_address, SIGN_IN_WINDOW)
            }
            Act::TryCode(email, Purpose::Verify) => {
                ("verify-code", account(email), limits.code_tries_per_address, WINDOW)
            }
            Act::TryCode(email, Purpose::Login) => {
                ("login-code", account(email), limits.code_tries_per_address, WINDOW)
            }
            Act::Register(email) => ("register-mail", mailbox(email), limits.mails_per_address, WINDOW),
            Act::AskForCode(email, Purpose::Verify) => {
                ("verify-mail", mailbox(email), limits.mails_per_address, WINDOW)
            }
            Act::AskForCode(email, Purpose::Login) => {
                ("login-mail", mailbox(email), limits.mails_per_address, WINDOW)
            }
            Act::AskForLink(email) => ("reset-mail", mailbox(email), limits.mails_per_address, WINDOW),
            Act::TryLink => return None,
        };
        Some(Limit { label, subject, allowed, window })
    }

    fn limit_of_client(&self, act: Act<'_>) -> (&'static str, u32, TimeDelta) {
        match act {
            Act::TryPassword(_) | Act::TryOldPassword(_) | Act::TryCode(..) | Act::TryLink => {
                ("client-failures", self.limits.failures_per_client, SIGN_IN_WINDOW)
            }
            Act::Register(_) | Act::AskForCode(..) | Act::AskForLink(_) => {
                ("client-mails", self.limits.mails_per_client, WINDOW)
            }
        }
    }
}

/// The time until a window ends, in whole seconds as `Retry-After` has them.
fn wait(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    let milliseconds = until.map_or(0, |until| (until - now).num_milliseconds());
    Duration::from_secs(milliseconds.max(1).unsigned_abs().div_ceil(1000))
}
