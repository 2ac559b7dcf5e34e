//! `ForgotPassword`: mails a link to choose a new password; the earlier one stops working.

use chassis::sealing::{address_place, password_reset_place};
use chrono::{DateTime, TimeDelta, Utc};
use fitness_proto::fitness::user::v1::PasswordResetRequested;
use uuid::Uuid;

use super::limits::Act;
use super::{AccountError, Accounts, timestamp};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::opaque_token::OpaqueToken;
use crate::store::password_resets::{self, NewReset};
use crate::store::{decoy, users};

/// How long a link works.
const LIFETIME: TimeDelta = TimeDelta::minutes(30);

impl Accounts {
    /// Issues a link if the address is proved and the limits allow it, and says nothing of either.
    pub async fn forgot_password(&self, email: &str, client: &Client) -> Result<(), AccountError> {
        let email = EmailAddress::parse_field(email)?;
        let _ = self.spend(Act::AskForLink(&email), client).await?;
        let now = self.now();

        // Three statements on every path, as in `register`.
        let mut transaction = self.pool.begin().await?;
        let user = users::lock_by_email(&mut transaction, &email).await?;
        let owner = user.filter(|user| user.email_verified).map(|user| user.user_id);
        let (reset, requested) = self.draw_link(owner.unwrap_or_default(), &email, now);
        let stored = if owner.is_some() {
            password_resets::issue(&mut transaction, &reset).await?;
            true
        } else {
            decoy::write(&mut transaction).await?;
            false
        };
        if stored {
            self.outbox.enqueue(&mut transaction, &requested).await?;
        } else {
            decoy::write(&mut transaction).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();

        if let Some(user_id) = owner {
            tracing::info!(%user_id, issued = stored, "password reset asked for");
        }
        Ok(())
    }

    /// Draws a link: the row to store, which holds the hash of its token, and the event, which holds the token sealed.
    fn draw_link(
        &self,
        user_id: Uuid,
        email: &EmailAddress,
        now: DateTime<Utc>,
    ) -> (NewReset, PasswordResetRequested) {
        let token = OpaqueToken::draw();
        let reset_id = Uuid::now_v7();
        let expire_time = now + LIFETIME;
        let row = NewReset { user_id, reset_id, token_hash: token.hash, issue_time: now, expire_time };
        let (reset_id, user_id) = (reset_id.to_string(), user_id.to_string());
        let place = password_reset_place(&reset_id, &user_id);
        let sealed_email = Some(self.seal_address(email, &address_place(&reset_id, &user_id)));
        let event = PasswordResetRequested {
            user_id,
            reset_id,
            sealed_token: Some(self.seal(&token.text, &place)),
            expire_time: Some(timestamp(expire_time)),
            sealed_email,
        };
        (row, event)
    }
}
