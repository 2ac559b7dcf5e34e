//! What an account may do, as tokens, events and databases name it.

use fitness_proto::fitness::user::v1 as proto;

/// What an account may do.
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
    /// Every role, in the order in which an account lists them.
    pub const ALL: [Self; 3] = [Self::Athlete, Self::Trainer, Self::Admin];

    /// The name in access tokens and in databases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Athlete => "athlete",
            Self::Trainer => "trainer",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The role of a message; the unspecified one is none.
    pub fn from_message(role: proto::Role) -> Option<Self> {
        match role {
            proto::Role::Unspecified => None,
            proto::Role::Athlete => Some(Self::Athlete),
            proto::Role::Trainer => Some(Self::Trainer),
            proto::Role::Admin => Some(Self::Admin),
        }
    }
}

impl From<Role> for proto::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Athlete => Self::Athlete,
            Role::Trainer => Self::Trainer,
            Role::Admin => Self::Admin,
        }
    }
}
