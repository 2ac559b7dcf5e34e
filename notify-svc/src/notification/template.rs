//! Which mails there are.

use std::str::FromStr;

use super::{Category, UnknownName, named};

/// A mail that can be written, named like its folder in `templates/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Template {
    /// The one-time code that proves an address.
    EmailVerification,
    /// The one-time code that signs in.
    LoginCode,
    /// The link that leads to a new password.
    PasswordReset,
    /// Tells an owner that somebody tried to register the address again.
    AccountExists,
    /// Tells an owner that the password is another one now.
    PasswordChanged,
    /// Tells an owner of a sign-in from a device that was not seen before.
    NewSignIn,
    /// The greeting after the address is proved.
    Welcome,
    /// It is time to train.
    WorkoutReminder,
    /// Something was reached for the first time.
    Achievement,
    /// A trainer assigned a routine.
    RoutineAssigned,
    /// The week in figures.
    WeeklySummary,
    /// What another backend has to say.
    Notice,
}

/// What a variable of a mail has to be that another backend asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A text of so many characters at most, which is not empty.
    Text(usize),
    /// The same, but it may be empty or left out.
    Maybe(usize),
    /// A time.
    Time,
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::EmailVerification,
        Self::LoginCode,
        Self::PasswordReset,
        Self::AccountExists,
        Self::PasswordChanged,
        Self::NewSignIn,
        Self::Welcome,
        Self::WorkoutReminder,
        Self::Achievement,
        Self::RoutineAssigned,
        Self::WeeklySummary,
        Self::Notice,
    ];

    /// The name in the ledger, in events and in `templates/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmailVerification => "email_verification",
            Self::LoginCode => "login_code",
            Self::PasswordReset => "password_reset",
            Self::AccountExists => "account_exists",
            Self::PasswordChanged => "password_changed",
            Self::NewSignIn => "new_sign_in",
            Self::Welcome => "welcome",
            Self::WorkoutReminder => "workout_reminder",
            Self::Achievement => "achievement",
            Self::RoutineAssigned => "routine_assigned",
            Self::WeeklySummary => "weekly_summary",
            Self::Notice => "notice",
        }
    }

    /// What kind of mail it is.
    pub fn category(self) -> Category {
        match self {
            Self::EmailVerification | Self::LoginCode | Self::PasswordReset => Category::OneTimeCode,
            Self::AccountExists | Self::PasswordChanged | Self::NewSignIn => Category::Security,
            Self::Welcome | Self::Notice => Category::Account,
            Self::WorkoutReminder => Category::Reminders,
            Self::Achievement => Category::Achievements,
            Self::RoutineAssigned => Category::Coaching,
            Self::WeeklySummary => Category::Summaries,
        }
    }

    /// Most mails of the kind about one day (UTC) to one person, where it is somebody else who decides how many there are.
    pub fn most_a_day(self) -> Option<i64> {
        match self {
            Self::RoutineAssigned => Some(3),
            Self::Notice => Some(5),
            _ => None,
        }
    }

    /// The variables of a mail that other backends may ask for; nothing for the mails that are ours alone to send,
    /// because people act on their word.
    pub fn needs_of_others(self) -> Option<&'static [(&'static str, Need)]> {
        match self {
            Self::Notice => Some(&[("title", Need::Text(120)), ("text", Need::Text(2_000))]),
            Self::Achievement => Some(&[("title", Need::Text(120)), ("description", Need::Maybe(500))]),
            Self::WorkoutReminder => Some(&[
                ("routine_name", Need::Maybe(120)),
                ("message", Need::Maybe(500)),
                ("due_time", Need::Time),
            ]),
            Self::RoutineAssigned => {
                Some(&[("routine_name", Need::Text(120)), ("trainer_name", Need::Text(64))])
            }
            Self::EmailVerification
            | Self::LoginCode
            | Self::PasswordReset
            | Self::AccountExists
            | Self::PasswordChanged
            | Self::NewSignIn
            | Self::Welcome
            | Self::WeeklySummary => None,
        }
    }

    /// Whether it holds a code or a link that is erased once the mail is final, so that it cannot be written again.
    pub fn has_secret(self) -> bool {
        matches!(self, Self::EmailVerification | Self::LoginCode | Self::PasswordReset)
    }

    /// The names of those that can be written again at any time.
    pub fn without_secret() -> Vec<&'static str> {
        Self::ALL.into_iter().filter(|template| !template.has_secret()).map(Self::name).collect()
    }
}

impl FromStr for Template {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        named(&Self::ALL, Self::name, "template", name)
    }
}
