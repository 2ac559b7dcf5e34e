//! The use cases of accounts, one file each, and what they share.
//!
//! Each answers the same, and takes the same time, for an address that has an account and for one that has none.

mod appoint_admin;
mod caller;
mod change_password;
mod choose_password;
mod delete_me;
mod draw_code;
mod error;
mod export_me;
mod forgot_password;
mod get_me;
mod get_user;
mod grant_trainer;
mod housekeeping;
mod limits;
mod list_sessions;
mod list_users;
mod login;
mod login_with_code;
mod logout;
mod pending;
mod refresh;
mod register;
mod request_login_code;
mod resend_code;
mod reset_password;
mod revoke_session;
mod roles;
mod send_code;
mod set_roles;
mod sign_in;
mod try_code;
mod update_me;
mod verify_email;

use std::sync::Arc;

use chassis::sealing::SealingKeys;
use chassis::time::Clock;
pub(crate) use chassis::time::timestamp;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use eventbus::{Event, TraceContext};
use outbox::{EncodedEvent, Outbox};
use sqlx::PgPool;

pub use self::change_password::ChangePassword;
pub use self::error::AccountError;
pub use self::export_me::Export;
pub use self::login::Login;
pub use self::login_with_code::LoginWithCode;
pub use self::register::Register;
pub use self::reset_password::ResetPassword;
pub use self::sign_in::SignedIn;
pub use self::update_me::UpdateMe;
pub use self::verify_email::VerifyEmail;
use crate::email_address::EmailAddress;
use crate::one_time_code::Pepper;
use crate::password::Passwords;
use crate::rate_limit::RateLimits;
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
    /// Keys the hashes of one-time codes and of whatever is counted.
    pub pepper: Pepper,
    /// Seals codes and the tokens of links in events.
    pub sealing: SealingKeys,
    /// Signs access tokens.
    pub access_tokens: AccessTokens,
    /// How long a session lives without being renewed.
    pub session_lifetime: TimeDelta,
    /// How often something may be tried or asked for.
    pub limits: RateLimits,
    /// The account with this address becomes an admin as soon as the address is proved.
    pub admin_email: Option<EmailAddress>,
}

impl Accounts {
    /// The time in the precision of the database, so that what is answered is what was stored.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// An event of this call, to be written with others in one statement.
    fn encode<E: Event>(&self, event: &E) -> EncodedEvent {
        self.outbox.encode(event, TraceContext::current())
    }
}
