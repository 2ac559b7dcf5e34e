//! What counts against which limit.
//!
//! A try is counted before its outcome is known and given back if it was right, so that guesses made at the same time
//! cannot share one. The count is kept under a keyed hash of the address, whether or not that has an account.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::one_time_code::Purpose;
use crate::rate_limit::{SIGN_IN_WINDOW, WINDOW};
use crate::store::rate_limits::{self, Charge};

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
    /// Opening an account, which mails a code. For the address, the limits on its codes hold.
    Register,
    /// Asking for a code.
    AskForCode(&'a EmailAddress, Purpose),
    /// Asking for a link.
    AskForLink(&'a EmailAddress),
}

/// What was spent, to be given back if it should not count.
#[must_use]
pub(super) struct Spent(Vec<Charge>);

/// Whose limit it is, how many and for how long.
type Limit = (&'static str, Vec<u8>, u32, TimeDelta);

impl Accounts {
    /// Counts an act against its limits, or refuses it.
    pub(super) async fn spend(&self, act: Act<'_>, client: &Client) -> Result<Spent, AccountError> {
        let now = self.now();
        let limits = [self.limit_of_subject(act), self.limit_of_client(act, client)];
        let in_force = limits.into_iter().flatten().filter(|(_, _, allowed, _)| *allowed > 0);
        let charges: Vec<_> = in_force.map(|limit| self.charge(limit, now)).collect();
        if charges.is_empty() {
            return Ok(Spent(charges));
        }
        let mut connection = self.pool.acquire().await?;
        let spending = rate_limits::spend(&mut connection, &charges, now).await?;
        if spending.granted {
            return Ok(Spent(charges));
        }
        tracing::debug!("over a rate limit");
        Err(AccountError::TooManyRequests { retry_after: wait(spending.refused_until, now) })
    }

    /// Gives back what a right try has spent. A failure costs its owner one try until the window ends, and no more.
    pub(super) async fn give_back(&self, Spent(charges): Spent) {
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

    fn limit_of_subject(&self, act: Act<'_>) -> Option<Limit> {
        let limits = &self.limits;
        let address = |email: &EmailAddress| email.key().as_bytes().to_vec();
        Some(match act {
            Act::TryPassword(email) => {
                ("password", address(email), limits.sign_ins_per_address, SIGN_IN_WINDOW)
            }
            Act::TryOldPassword(user_id) => {
                ("old-password", user_id.as_bytes().to_vec(), limits.sign_ins_per_address, SIGN_IN_WINDOW)
            }
            Act::TryCode(email, Purpose::Verify) => {
                ("verify-code", address(email), limits.code_tries_per_address, WINDOW)
            }
            Act::TryCode(email, Purpose::Login) => {
                ("login-code", address(email), limits.code_tries_per_address, WINDOW)
            }
            Act::AskForCode(email, Purpose::Verify) => {
                ("verify-mail", address(email), limits.mails_per_address, WINDOW)
            }
            Act::AskForCode(email, Purpose::Login) => {
                ("login-mail", address(email), limits.mails_per_address, WINDOW)
            }
            Act::AskForLink(email) => ("reset-mail", address(email), limits.mails_per_address, WINDOW),
            Act::TryLink | Act::Register => return None,
        })
    }

    fn limit_of_client(&self, act: Act<'_>, client: &Client) -> Option<Limit> {
        let network = client.address?.network().to_string().into_bytes();
        Some(match act {
            Act::TryPassword(_) | Act::TryOldPassword(_) | Act::TryCode(..) | Act::TryLink => {
                ("client-failures", network, self.limits.failures_per_client, SIGN_IN_WINDOW)
            }
            Act::Register | Act::AskForCode(..) | Act::AskForLink(_) => {
                ("client-mails", network, self.limits.mails_per_client, WINDOW)
            }
        })
    }

    fn charge(&self, (label, subject, allowed, window): Limit, now: DateTime<Utc>) -> Charge {
        Charge {
            key: self.pepper.pseudonym(label, &[&subject]),
            allowed: i32::try_from(allowed).unwrap_or(i32::MAX),
            expire_time: now + window,
        }
    }
}

/// The time until a window ends, in whole seconds as `Retry-After` has them.
fn wait(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Duration {
    let milliseconds = until.map_or(0, |until| (until - now).num_milliseconds());
    Duration::from_secs(milliseconds.max(1).unsigned_abs().div_ceil(1000))
}
