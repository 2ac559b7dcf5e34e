//! The use cases around notifications, one file each: what people and administrators ask and change.

mod cancel;
mod error;
mod get;
mod get_preferences;
mod list;
mod preview_template;
mod recover;
mod resend;
mod search;
mod unsubscribe;
mod update_preferences;

use std::sync::Arc;
use std::time::Duration;

use chassis::health::Dependency;
use chassis::sealing::SealingKeys;
use chassis::time::Clock;
use outbox::Outbox;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

pub use self::error::NotificationError;
pub use self::get::Story;
pub use self::recover::{Recover, Recovered};
pub use self::search::Search;
pub use self::update_preferences::PreferenceChange;
use crate::delivery::{DeliveryConfig, Wake, Workers};
use crate::ledger::history::{self, Entry};
use crate::metrics::Metrics;
use crate::render::Renderer;

/// Answers and changes what is in the ledger; cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    /// The ledger.
    pub pool: PgPool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Tells the workers of rows that are due.
    pub wake: Wake,
    /// Writes previews.
    pub renderer: Arc<Renderer>,
    /// Checks the tokens of links.
    pub keys: SealingKeys,
    /// Counts.
    pub metrics: Arc<Metrics>,
}

impl Notifications {
    /// Over the ledger in the database of `pool`.
    pub(crate) fn new(
        pool: PgPool,
        clock: Arc<dyn Clock>,
        renderer: Arc<Renderer>,
        keys: SealingKeys,
    ) -> Self {
        Self { pool, clock, wake: Wake::default(), renderer, keys, metrics: Arc::default() }
    }

    /// Those who send the mails that are due here.
    pub(crate) fn workers(
        &self,
        config: DeliveryConfig,
        outbox: Outbox,
        smtp: Dependency,
        retention: Duration,
    ) -> Workers {
        let Self { pool, wake, renderer, metrics, .. } = self.clone();
        Workers { config, pool, outbox, renderer, wake, metrics, smtp, retention }
    }
}

/// A notification that may be changed, or why there is none.
async fn lock(connection: &mut PgConnection, notification_id: Uuid) -> Result<Entry, NotificationError> {
    history::lock(connection, notification_id).await?.ok_or(NotificationError::NotFound)
}

/// Why a notification cannot be changed as asked.
fn wrong_state(reason: &'static str) -> NotificationError {
    NotificationError::WrongState(reason)
}
