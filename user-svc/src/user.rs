//! The account and its roles.

use chassis::auth::Role;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An account as its owner sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Identifier, a `UUIDv7`.
    pub user_id: Uuid,
    /// Address as its owner writes it.
    pub email: String,
    /// Whether the owner proved to receive mail there.
    pub email_verified: bool,
    /// Name shown to other people.
    pub display_name: String,
    /// Language of mails and texts.
    pub locale: String,
    /// IANA time zone.
    pub time_zone: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// Whether it has a password; without one only a mailed code or link opens it.
    pub password_set: bool,
    /// When it was opened.
    pub create_time: DateTime<Utc>,
}

impl User {
    /// Whether it may do what the role allows.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

impl std::fmt::Debug for User {
    /// Names the account by its id; the rest is personal and has no place in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("User").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
