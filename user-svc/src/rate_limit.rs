//! How often something may be tried or asked for.

use chassis::config::Settings;
use chrono::TimeDelta;

/// Limits per window, shared by all replicas; 0 is no limit.
///
/// A limit for an address protects its owner: the password from guessing, the mailbox from mails. It holds for unknown
/// addresses in the same way, and for what comes from one network, so that nobody uses up what the owner has elsewhere.
/// All networks together have [`STRANGERS`] times as much, except for the device at a network where the owner signed in
/// before. A limit for a client protects everybody else, and is wide enough for the many people behind one address of a
/// gym or an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Failed sign-ins by password for one address from one network, in [`SIGN_IN_WINDOW`].
    pub sign_ins_per_address: u32,
    /// Wrong codes for one address and purpose from one network, in [`WINDOW`].
    pub code_tries_per_address: u32,
    /// Mails of one kind asked for by one mailbox from one network, in [`WINDOW`].
    pub mails_per_address: u32,
    /// Wrong passwords, codes and links from one client, in [`SIGN_IN_WINDOW`].
    pub failures_per_client: u32,
    /// Registrations, codes and links asked for by one client, in [`WINDOW`].
    pub mails_per_client: u32,
}

/// How many times its limit from one network an address has from all networks that are not known for it.
pub const STRANGERS: u32 = 3;
/// The window of sign-ins.
pub const SIGN_IN_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// The window of everything else.
pub const WINDOW: TimeDelta = TimeDelta::hours(1);

impl RateLimits {
    /// Reads the settings.
    pub fn from_settings(settings: &mut Settings) -> Self {
        Self {
            sign_ins_per_address: settings.number(
                "RATE_LIMIT_SIGN_INS_PER_ADDRESS",
                "Failed sign-ins by password for one address from one network in 15 minutes, three times as many from all; 0 is no \
                 limit.",
                20,
                0..=1_000_000,
            ),
            code_tries_per_address: settings.number(
                "RATE_LIMIT_CODE_TRIES_PER_ADDRESS",
                "Wrong codes of one kind for one address from one network in an hour, three times as many from all; 0 is no \
                 limit.",
                15,
                0..=1_000_000,
            ),
            mails_per_address: settings.number(
                "RATE_LIMIT_MAILS_PER_ADDRESS",
                "Mails of one kind that may be asked for by one mailbox from one network in an hour, three times as many from \
                 all; 0 is no limit.",
                6,
                0..=1_000_000,
            ),
            failures_per_client: settings.number(
                "RATE_LIMIT_FAILURES_PER_CLIENT",
                "Wrong passwords, codes and links from one network address in 15 minutes, loopback excepted; 0 is no \
                 limit.",
                300,
                0..=1_000_000,
            ),
            mails_per_client: settings.number(
                "RATE_LIMIT_MAILS_PER_CLIENT",
                "Registrations, codes and links that one network address may ask for in an hour, loopback excepted; 0 \
                 is no limit.",
                600,
                0..=1_000_000,
            ),
        }
    }
}
