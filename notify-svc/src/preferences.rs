//! What people have said about the mails they want.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::notification::Category;
use crate::quiet_hours::QuietHours;

/// Why a mail of a category that is switched off is not sent.
pub(crate) const SWITCHED_OFF: &str = "the recipient has switched this kind of mail off";
const TOO_LATE: &str = "it would be of no use any more after the recipient's quiet hours";

/// Which mails somebody wants, and when. By default all of them, at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Kinds of mail that are not wanted.
    pub switched_off: BTreeSet<Category>,
    /// When the rest of what is optional has to wait.
    pub quiet_hours: QuietHours,
}

/// What preferences mean for a mail that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send it.
    Send,
    /// Send it then.
    Wait(DateTime<Utc>),
    /// Do not send it, for this reason.
    Skip(&'static str),
}

impl Preferences {
    /// Whether mails of this kind are wanted.
    pub fn want(&self, category: Category) -> bool {
        !category.is_optional() || !self.switched_off.contains(&category)
    }

    /// What becomes of a mail that is due `now` for somebody who lives in `time_zone`.
    pub(crate) fn verdict(
        &self,
        category: Category,
        now: DateTime<Utc>,
        time_zone: &str,
        deliver_before: Option<DateTime<Utc>>,
    ) -> Verdict {
        if !category.is_optional() {
            return Verdict::Send;
        }
        if !self.want(category) {
            return Verdict::Skip(SWITCHED_OFF);
        }
        let zone: Tz = time_zone.parse().unwrap_or(Tz::UTC);
        match self.quiet_hours.end_after(now, zone) {
            None => Verdict::Send,
            Some(end) if deliver_before.is_some_and(|limit| limit <= end) => Verdict::Skip(TOO_LATE),
            Some(end) => Verdict::Wait(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Does not want reminders, and nothing between 22:00 and 07:00.
    fn preferences() -> Preferences {
        Preferences {
            switched_off: BTreeSet::from([Category::Reminders]),
            quiet_hours: QuietHours { enabled: true, ..QuietHours::default() },
        }
    }

    #[test]
    fn what_is_mandatory_goes_out_at_any_time() {
        let mut preferences = preferences();
        preferences.switched_off.extend(Category::ALL);
        for category in [Category::OneTimeCode, Category::Security, Category::Account] {
            assert_eq!(preferences.verdict(category, at("2026-01-10T02:00:00Z"), "UTC", None), Verdict::Send);
        }
    }

    #[test]
    fn what_is_switched_off_is_skipped_at_any_time() {
        let verdict = |now| preferences().verdict(Category::Reminders, at(now), "UTC", None);
        assert_eq!(verdict("2026-01-10T02:00:00Z"), Verdict::Skip(SWITCHED_OFF));
        assert_eq!(verdict("2026-01-10T12:00:00Z"), Verdict::Skip(SWITCHED_OFF));
    }

    #[test]
    fn the_rest_waits_for_the_end_of_the_quiet_where_it_lives() {
        let verdict = |now, zone| preferences().verdict(Category::Achievements, at(now), zone, None);
        let morning = Verdict::Wait(at("2026-01-10T06:00:00Z"));
        assert_eq!(verdict("2026-01-10T02:00:00Z", "Europe/Berlin"), morning);
        assert_eq!(verdict("2026-01-10T02:00:00Z", "Asia/Tokyo"), Verdict::Send);
        assert_eq!(
            verdict("2026-01-10T02:00:00Z", "Middle/Earth"),
            Verdict::Wait(at("2026-01-10T07:00:00Z"))
        );
    }

    #[test]
    fn what_would_be_of_no_use_after_the_quiet_is_skipped() {
        let (now, end) = (at("2026-01-10T02:00:00Z"), at("2026-01-10T07:00:00Z"));
        let verdict = |limit| preferences().verdict(Category::Coaching, now, "UTC", Some(limit));
        assert_eq!(verdict(end), Verdict::Skip(TOO_LATE));
        assert_eq!(verdict(end + TimeDelta::seconds(1)), Verdict::Wait(end));
    }
}
