//! Claims due rows for the senders, as many as they can take and only while they can send.

use std::sync::Arc;

use chrono::Utc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::breaker::Breaker;
use super::consent::Consent;
use super::dedicated::Dedicated;
use super::held::Held;
use super::queue::Queue;
use super::{DeliveryConfig, Wake};
use crate::ledger::claims;

pub(super) struct Dispatcher {
    pub(super) database: Dedicated,
    pub(super) owner: Uuid,
    pub(super) consent: Consent,
    pub(super) queue: Arc<Queue>,
    pub(super) held: Held,
    pub(super) breaker: Arc<Breaker>,
    pub(super) wake: Wake,
    pub(super) config: DeliveryConfig,
    pub(super) shutdown: CancellationToken,
}

impl Dispatcher {
    pub(super) async fn run(mut self) {
        let mut relay = self.breaker.watch();
        let mut poll = tokio::time::interval(self.config.poll_interval);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Nothing has wanted more rows yet, but a full claim leaves more behind than the queue can ask for.
        let mut more = true;
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                () = self.wake.woken() => {}
                () = self.queue.wants_more(), if more => {}
                _ = relay.changed() => {}
                _ = poll.tick() => {}
            }
            more = if self.breaker.is_open() { self.give_back().await } else { self.claim().await };
        }
        self.give_back().await;
        self.database.close().await;
    }

    /// Fills the queue; answers whether the ledger may hold more.
    async fn claim(&mut self) -> bool {
        let room = Queue::FULL.saturating_sub(self.queue.len());
        if room == 0 {
            return true;
        }
        match self.claim_up_to(room).await {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(error = %chassis::lifecycle::chain(&error), "due mails cannot be claimed now");
                false
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "consent is asked for at the moment of sending")]
    async fn claim_up_to(&mut self, room: usize) -> Result<bool, sqlx::Error> {
        let Self { database, owner, consent, config, .. } = self;
        let claims = database
            .run(async |connection| claims::claim(connection, *owner, room as i64, config.lease).await)
            .await?;
        let more = claims.len() == room;
        let ids: Vec<_> = claims.iter().map(|claim| claim.notification_id).collect();
        match database.run(async |connection| consent.given(connection, claims, Utc::now()).await).await {
            Ok(given) => self.queue.push(given.into_iter().map(|claim| self.held.hold(claim)).collect()),
            Err(error) => {
                // Without the answer nothing of it goes out; it is due again at once, or when its leases end.
                database.run(async |connection| claims::release(connection, *owner, &ids).await).await?;
                return Err(error);
            }
        }
        Ok(more)
    }

    /// Hands back what no sender has begun: another process may reach the relay, and after a stop or an outage
    /// nothing has to wait for a lease to end.
    async fn give_back(&mut self) -> bool {
        let ids: Vec<_> = self.queue.withdraw().iter().map(|held| held.claim.notification_id).collect();
        if ids.is_empty() {
            return false;
        }
        let Self { database, owner, .. } = self;
        let released = database.run(async |connection| claims::release(connection, *owner, &ids).await).await;
        if let Err(error) = released {
            tracing::warn!(error = %chassis::lifecycle::chain(&error), "claims stay until their leases end");
        }
        false
    }
}
