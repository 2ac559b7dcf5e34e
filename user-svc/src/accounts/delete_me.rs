//! `DeleteMe`: the end of an account and of everything that is known of its owner.

use chassis::auth::Principal;
use fitness_proto::fitness::user::v1::UserDeleted;

use super::{AccountError, Accounts, timestamp};
use crate::store::users;

impl Accounts {
    /// Deletes the caller's account.
    ///
    /// Everything else in this database hangs on the row of the account and goes with it, except for its events in the
    /// outbox, published or not, which hold the address. The last event says that all others erase what they hold. It
    /// needs no mark here that keeps the account from coming back: accounts come from this database only, and events
    /// for one that is not there are dropped. The last admin may go, too: `ADMIN_EMAIL` names the next one.
    pub async fn delete_me(&self, principal: &Principal) -> Result<(), AccountError> {
        let now = self.now();

        let mut transaction = self.pool.begin().await?;
        // Holding its row, no other transaction can write an event of this account between the erasure and the commit.
        let user_id = self.lock_caller(&mut transaction, principal).await?.user_id;
        outbox::erase(&mut transaction, &user_id.to_string()).await?;
        users::delete(&mut transaction, user_id).await?;
        let event = UserDeleted { user_id: user_id.to_string(), delete_time: Some(timestamp(now)) };
        self.outbox.enqueue(&mut transaction, &event).await?;
        transaction.commit().await?;
        self.outbox.committed();

        tracing::info!(%user_id, "account deleted");
        Ok(())
    }
}
