//! An account as this service knows it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use crate::language::Language;

/// Somebody who trains.
#[derive(Clone, PartialEq, Eq)]
pub struct Athlete {
    /// The account.
    pub user_id: Uuid,
    /// Name shown to other people.
    pub display_name: String,
    /// Language of texts.
    pub language: Language,
    /// Where the athlete's days begin and end.
    pub time_zone: Tz,
}

impl Athlete {
    /// An athlete by the texts that user-svc gave. A zone that this build does not know counts as UTC: user-svc
    /// checked it, with a newer zone table at most.
    pub(crate) fn new(user_id: Uuid, display_name: String, locale: &str, time_zone: &str) -> Self {
        let time_zone = time_zone.parse().unwrap_or(chrono_tz::UTC);
        Self { user_id, display_name, language: Language::for_tag(locale), time_zone }
    }
}

impl std::fmt::Debug for Athlete {
    /// Names the account by its id; the rest is personal and has no place in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Athlete").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// What user-svc says about an account.
#[derive(Clone)]
pub struct Profile {
    /// The account.
    pub user_id: Uuid,
    /// Name shown to other people.
    pub display_name: String,
    /// BCP 47 tag.
    pub locale: String,
    /// IANA time zone.
    pub time_zone: String,
    /// When user-svc said so.
    pub time: DateTime<Utc>,
}
