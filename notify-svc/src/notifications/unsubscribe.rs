//! Somebody follows the link in a mail, or lets the mail program do it (RFC 8058).

use super::update_preferences::store;
use super::{NotificationError, Notifications};
use crate::ledger::{accounts, preferences};
use crate::notification::Category;
use crate::unsubscribe_token::Unsubscription;

impl Notifications {
    /// Switches off the kind of mail that the token names. Answers it, whether or not it was on before.
    pub async fn unsubscribe(&self, token: &str) -> Result<Category, NotificationError> {
        let Unsubscription { user_id, category } = Unsubscription::from_token(token, &self.keys)
            .ok_or_else(|| NotificationError::invalid("token", "is not the token of a link of ours"))?;
        let mut transaction = self.pool.begin().await?;
        // Who is gone gets no mail anyway.
        if !accounts::hold(&mut transaction, &[user_id]).await?.is_empty() {
            return Ok(category);
        }
        let mut preferences = preferences::lock(&mut transaction, user_id).await?;
        preferences.switched_off.insert(category);
        let skipped = store(&mut transaction, user_id, &preferences).await?;
        transaction.commit().await?;

        self.metrics.changed("skipped", skipped);
        tracing::info!(%user_id, category = category.name(), "a kind of mail was switched off by its link");
        Ok(category)
    }
}
