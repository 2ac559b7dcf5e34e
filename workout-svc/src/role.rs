//! What an account may do.

/// A role of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Keeps a training log; every account has it.
    Athlete,
    /// Coaches athletes.
    Trainer,
    /// Runs the installation.
    Admin,
}

impl Role {
    /// The name in tokens and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Athlete => "athlete",
            Self::Trainer => "trainer",
            Self::Admin => "admin",
        }
    }
}
