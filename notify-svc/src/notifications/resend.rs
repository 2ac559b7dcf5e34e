//! An administrator sends a mail again, or does not wait for its next attempt.

use uuid::Uuid;

use super::{NotificationError, Notifications, Story, get, lock, wrong_state};
use crate::ledger::history::Entry;
use crate::ledger::{interventions, preferences};
use crate::notification::{State, Template};
use crate::preferences::Preferences;

impl Notifications {
    /// Makes a notification due now, final or not.
    pub async fn resend(&self, notification_id: Uuid) -> Result<Story, NotificationError> {
        let mut transaction = self.pool.begin().await?;
        let entry = lock(&mut transaction, notification_id).await?;
        let wishes = preferences::find(&mut transaction, &[entry.user_id]).await?;
        self.check(&entry, wishes.get(&entry.user_id).unwrap_or(&Preferences::default()))?;
        if entry.next_attempt_at.is_some() {
            interventions::hasten(&mut transaction, notification_id).await?;
        } else {
            interventions::reopen(&mut transaction, notification_id).await?;
        }
        let story = get::story(&mut transaction, notification_id).await?;
        transaction.commit().await?;

        self.metrics.changed("pending", 1);
        self.wake.wake();
        tracing::info!(%notification_id, "a notification is sent again");
        Ok(story)
    }

    fn check(&self, entry: &Entry, preferences: &Preferences) -> Result<(), NotificationError> {
        let template: Template = entry
            .template
            .parse()
            .map_err(|_| wrong_state("it is of a kind that is not written any more"))?;
        if entry.state == State::Sending.name() {
            return Err(wrong_state("it is being sent at this moment"));
        }
        if entry.next_attempt_at.is_none() && template.has_secret() {
            return Err(wrong_state("its code or link was erased; a new one has to be asked for"));
        }
        if entry.deliver_before.is_some_and(|limit| limit <= self.clock.now()) {
            return Err(wrong_state("its time is over"));
        }
        if !preferences.want(template.category()) {
            return Err(wrong_state("the recipient has switched this kind of mail off"));
        }
        Ok(())
    }
}
