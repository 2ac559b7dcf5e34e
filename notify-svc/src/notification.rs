//! The vocabulary of the ledger: which mails there are, what matters about each kind, and the states of a notification.

use std::fmt;
use std::str::FromStr;

/// A mail that can be written, named like its folder in `templates/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Template {
    /// The one-time code that proves an address.
    EmailVerification,
    /// The greeting after the address is proved.
    Welcome,
    /// Tells an owner that somebody tried to register the address again.
    AccountExists,
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EmailVerification, Self::Welcome, Self::AccountExists];

    /// The name in the ledger, in events and in `templates/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmailVerification => "email_verification",
            Self::Welcome => "welcome",
            Self::AccountExists => "account_exists",
        }
    }

    /// What kind of mail it is.
    pub fn category(self) -> Category {
        match self {
            Self::EmailVerification => Category::OneTimeCode,
            Self::AccountExists => Category::Security,
            Self::Welcome => Category::Account,
        }
    }
}

/// A name that is none of the known ones.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name:?} is no {kind}")]
pub struct UnknownName {
    kind: &'static str,
    name: String,
}

impl FromStr for Template {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|template| template.name() == name)
            .ok_or_else(|| UnknownName { kind: "template", name: name.to_owned() })
    }
}

/// A kind of mail: decides priority, retry schedule and what happens to a mail in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// Codes somebody is waiting for in front of the screen.
    OneTimeCode,
    /// What an owner should know for the account's safety.
    Security,
    /// The life of an account.
    Account,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OneTimeCode, Self::Security, Self::Account];

    /// The name in the ledger and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneTimeCode => "one_time_code",
            Self::Security => "security",
            Self::Account => "account",
        }
    }

    /// Smaller goes first when there is a backlog: codes expire, the rest does not.
    pub fn priority(self) -> i16 {
        match self {
            Self::OneTimeCode => 0,
            Self::Security => 1,
            Self::Account => 2,
        }
    }
}

impl FromStr for Category {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|category| category.name() == name)
            .ok_or_else(|| UnknownName { kind: "category", name: name.to_owned() })
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
        match name {
            "resend" => Ok(Self::Resend),
            "give_up" => Ok(Self::GiveUp),
            _ => Err(UnknownName { kind: "rule for mails in doubt", name: name.to_owned() }),
        }
    }
}

/// Where a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not tried yet.
    Pending,
    /// A worker is about to send it, is sending it, or died while sending it.
    Sending,
    /// The relay took responsibility.
    Sent,
    /// Tried without success; tried again later.
    Deferred,
    /// Given up.
    Failed,
    /// The connection was lost after the last byte and before the reply.
    InDoubt,
    /// Made pointless by a newer one.
    Cancelled,
    /// Its `deliver_before` passed.
    Expired,
    /// The address takes no mail.
    Suppressed,
    /// The recipient does not want it.
    Skipped,
}

impl State {
    /// The name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Suppressed => "suppressed",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_what_they_name() {
        for template in Template::ALL {
            assert_eq!(template.name().parse(), Ok(template));
        }
        for category in Category::ALL {
            assert_eq!(category.name().parse(), Ok(category));
        }
        for rule in [InDoubtRule::Resend, InDoubtRule::GiveUp] {
            assert_eq!(rule.name().parse(), Ok(rule));
        }
        assert!("newsletter".parse::<Template>().is_err());
    }
}
