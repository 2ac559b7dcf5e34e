//! The caller chooses which mails to get.

use chassis::errors::Violation;
use chrono::NaiveTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NotificationError, Notifications};
use crate::ledger::{accounts, interventions, preferences};
use crate::notification::Category;
use crate::preferences::Preferences;

/// One change of preferences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreferenceChange {
    /// Switches a kind of mail on or off.
    Want(Category, bool),
    /// Switches quiet hours on or off.
    Quiet(bool),
    /// When they begin.
    QuietStart(NaiveTime),
    /// When they end.
    QuietEnd(NaiveTime),
}

impl Notifications {
    /// Makes the changes, all or none, and ends what waits and is not wanted any more.
    pub async fn update_preferences(
        &self,
        user_id: Uuid,
        changes: &[PreferenceChange],
    ) -> Result<Preferences, NotificationError> {
        let mut transaction = self.pool.begin().await?;
        if !accounts::hold(&mut transaction, &[user_id]).await?.is_empty() {
            return Err(NotificationError::AccountGone);
        }
        let mut preferences = preferences::lock(&mut transaction, user_id).await?;
        apply(&mut preferences, changes)?;
        let skipped = store(&mut transaction, user_id, &preferences).await?;
        transaction.commit().await?;

        self.metrics.changed("skipped", skipped);
        Ok(preferences)
    }
}

/// Stores locked preferences and ends what waits and is not wanted. Answers how many were ended.
pub(super) async fn store(
    connection: &mut PgConnection,
    user_id: Uuid,
    preferences: &Preferences,
) -> Result<u64, sqlx::Error> {
    preferences::store(connection, user_id, preferences).await?;
    let unwanted: Vec<_> = preferences.switched_off.iter().map(|category| category.name()).collect();
    if unwanted.is_empty() { Ok(0) } else { interventions::skip(connection, user_id, &unwanted).await }
}

fn apply(preferences: &mut Preferences, changes: &[PreferenceChange]) -> Result<(), NotificationError> {
    let mut violations = Vec::new();
    for change in changes {
        match *change {
            PreferenceChange::Want(category, true) => {
                preferences.switched_off.remove(&category);
            }
            PreferenceChange::Want(category, false) if category.is_optional() => {
                preferences.switched_off.insert(category);
            }
            PreferenceChange::Want(category, false) => {
                violations.push(Violation::new(
                    format!("preferences.{}", category.name()),
                    "cannot be switched off",
                ));
            }
            PreferenceChange::Quiet(enabled) => preferences.quiet_hours.enabled = enabled,
            PreferenceChange::QuietStart(start) => preferences.quiet_hours.start = start,
            PreferenceChange::QuietEnd(end) => preferences.quiet_hours.end = end,
        }
    }
    let hours = &preferences.quiet_hours;
    if hours.enabled && hours.start == hours.end {
        violations.push(Violation::new("preferences.quiet_hours.end", "must differ from the start"));
    }
    if violations.is_empty() { Ok(()) } else { Err(NotificationError::Invalid(violations)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(changes: &[PreferenceChange]) -> Result<Preferences, Vec<String>> {
        let mut preferences = Preferences::default();
        match apply(&mut preferences, changes) {
            Ok(()) => Ok(preferences),
            Err(NotificationError::Invalid(violations)) => {
                Err(violations.into_iter().map(|v| v.field).collect())
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn the_last_word_on_a_category_counts() {
        let off = PreferenceChange::Want(Category::Coaching, false);
        let on = PreferenceChange::Want(Category::Coaching, true);
        assert!(!applied(&[on, off]).unwrap().want(Category::Coaching));
        assert!(applied(&[off, on]).unwrap().want(Category::Coaching));
    }

    #[test]
    fn everything_that_cannot_be_is_named_at_once() {
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
        let fields = applied(&[
            PreferenceChange::Want(Category::Security, false),
            PreferenceChange::Want(Category::Account, true),
            PreferenceChange::Want(Category::OneTimeCode, false),
            PreferenceChange::Quiet(true),
            PreferenceChange::QuietStart(noon),
            PreferenceChange::QuietEnd(noon),
        ]);
        assert_eq!(
            fields.unwrap_err(),
            ["preferences.security", "preferences.one_time_code", "preferences.quiet_hours.end"]
        );
    }
}
