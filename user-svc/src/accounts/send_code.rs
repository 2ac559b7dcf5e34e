//! What `ResendCode` and `RequestLoginCode` have in common: a code is mailed, or nothing happens, and nobody can tell.

use super::limits::Act;
use super::{AccountError, Accounts};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::one_time_code::Purpose;
use crate::store::one_time_codes::{self, Earlier};
use crate::store::{decoy, users};
use crate::user::User;

impl Accounts {
    /// Issues a code if the address has an account that can use one and the limits allow it, and says nothing of
    /// either. The earlier code stops working, except where it was asked for: what strangers ask for takes no code away.
    pub(super) async fn send_code(
        &self,
        email: &str,
        purpose: Purpose,
        client: &Client,
    ) -> Result<(), AccountError> {
        let email = EmailAddress::parse_field(email)?;
        let _ = self.spend(Act::AskForCode(&email, purpose), client).await?;
        let (now, place) = (self.now(), self.asking_place(&email, client));

        // Three statements on every path, as in `register`.
        let mut transaction = self.pool.begin().await?;
        let user = users::lock_by_email(&mut transaction, &email).await?;
        let waiting = user.filter(|user| can_use(user, purpose)).map(|user| user.user_id);
        let (code, code_issued) = self.draw_code(waiting.unwrap_or_default(), &email, purpose, now);
        let stored = if waiting.is_some() {
            one_time_codes::issue(&mut transaction, &code, Earlier::Supersede, &place).await?
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
            tracing::info!(%user_id, purpose = purpose.as_str(), issued = stored, "code asked for");
        }
        Ok(())
    }
}

/// An address is proved once; who has not proved it cannot sign in.
fn can_use(user: &User, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Verify => !user.email_verified,
        Purpose::Login => user.email_verified,
    }
}
