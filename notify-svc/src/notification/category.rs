//! Kinds of mail, and what happens to one of unknown outcome.

use std::str::FromStr;

use super::{UnknownName, named};

/// A kind of mail: decides priority, retry schedule, what happens to a mail in doubt, and whether people may switch it
/// off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Codes and links somebody is waiting for in front of the screen.
    OneTimeCode,
    /// What an owner should know for the account's safety.
    Security,
    /// The life of an account.
    Account,
    /// Reminders to train.
    Reminders,
    /// What was reached.
    Achievements,
    /// What a trainer does for an athlete.
    Coaching,
    /// The week in figures.
    Summaries,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OneTimeCode,
        Self::Security,
        Self::Account,
        Self::Reminders,
        Self::Achievements,
        Self::Coaching,
        Self::Summaries,
    ];

    /// The name in the ledger, in the configuration and in preferences.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneTimeCode => "one_time_code",
            Self::Security => "security",
            Self::Account => "account",
            Self::Reminders => "reminders",
            Self::Achievements => "achievements",
            Self::Coaching => "coaching",
            Self::Summaries => "summaries",
        }
    }

    /// Smaller goes first when there is a backlog: codes expire, reminders nearly so, the rest does not.
    pub fn priority(self) -> i16 {
        match self {
            Self::OneTimeCode => 0,
            Self::Security => 1,
            Self::Reminders => 2,
            Self::Account => 3,
            Self::Achievements | Self::Coaching => 4,
            Self::Summaries => 5,
        }
    }

    /// Whether people may switch it off, and their quiet hours hold it back.
    pub fn is_optional(self) -> bool {
        match self {
            Self::OneTimeCode | Self::Security | Self::Account => false,
            Self::Reminders | Self::Achievements | Self::Coaching | Self::Summaries => true,
        }
    }
}

impl FromStr for Category {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        named(&Self::ALL, Self::name, "category", name)
    }
}

/// What happens to a mail that may or may not have arrived.
///
/// A repeat is byte-identical, Message-ID included, so that the receiving side can drop it; not all do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InDoubtRule {
    /// Better twice than never: send again.
    Resend,
    /// Better never than twice: leave it.
    GiveUp,
}

impl InDoubtRule {
    /// The name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::GiveUp => "give_up",
        }
    }
}

impl FromStr for InDoubtRule {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        named(&[Self::Resend, Self::GiveUp], Self::name, "rule for mails in doubt", name)
    }
}
