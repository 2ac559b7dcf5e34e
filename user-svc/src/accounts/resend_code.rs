//! `ResendCode`: sends a new code; the earlier one stops working.

use chassis::errors::Violation;
use uuid::Uuid;

use super::{AccountError, Accounts};
use crate::email_address::EmailAddress;
use crate::store::one_time_codes::{self, Earlier};
use crate::store::{decoy, users};

impl Accounts {
    /// Issues a code if the address waits to be proved and the limits allow it, and says nothing of either.
    pub async fn resend_code(&self, email: &str) -> Result<(), AccountError> {
        let email =
            EmailAddress::parse(email).map_err(|error| vec![Violation::new("email", error.to_string())])?;
        let now = self.now();

        // Three statements on every path, as in `register`.
        let mut transaction = self.pool.begin().await?;
        let user = users::lock_by_email(&mut transaction, &email).await?;
        let waiting = user.filter(|user| !user.email_verified).map(|user| user.user_id);
        let (code, code_issued) = self.draw_code(waiting.unwrap_or(Uuid::nil()), now);
        let stored = if waiting.is_some() {
            one_time_codes::issue(&mut transaction, &code, Earlier::Supersede).await?
        } else {
            decoy::write(&mut transaction).await?;
            false
        };
        if stored {
            self.outbox.enqueue(&mut transaction, &code_issued).await?;
        } else {
            decoy::write(&mut transaction).await?;
        }
        transaction.commit().await?;
        self.outbox.committed();

        if let Some(user_id) = waiting {
            tracing::info!(%user_id, issued = stored, "new code asked for");
        }
        Ok(())
    }
}
