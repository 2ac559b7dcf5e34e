//! The use cases of accounts, one file each, and what they share.
//!
//! Each answers the same, and takes the same time, for an address that has an account and for one that has none.

mod error;
mod get_me;
mod issue_code;
mod login;
mod register;
mod resend_code;
mod sign_in;
mod verify_email;

use std::sync::Arc;

use chassis::sealing::SealingKeys;
use chassis::time::Clock;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use outbox::Outbox;
use sqlx::PgPool;

pub use self::error::AccountError;
pub use self::login::Login;
pub use self::register::Register;
pub use self::sign_in::SignedIn;
pub use self::verify_email::VerifyEmail;
use crate::one_time_code::Pepper;
use crate::password::Passwords;
use crate::tokens::AccessTokens;

/// Opens accounts and signs people in; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    /// The database.
    pub pool: PgPool,
    /// Where events go, in the transaction of the change.
    pub outbox: Outbox,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Keys the hashes of one-time codes.
    pub pepper: Pepper,
    /// Seals one-time codes in events.
    pub sealing: SealingKeys,
    /// Signs access tokens.
    pub access_tokens: AccessTokens,
    /// How long a session lives without being renewed.
    pub session_lifetime: TimeDelta,
}

impl Accounts {
    /// The time in the precision of the database, so that what is answered is what was stored.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }
}

/// The same moment in protobuf.
pub(crate) fn timestamp(time: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos =
        i32::try_from(time.timestamp_subsec_nanos()).expect("a leap second has less than 2^31 nanoseconds");
    prost_types::Timestamp { seconds: time.timestamp(), nanos }
}
