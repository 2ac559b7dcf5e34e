//! Claims due rows for the senders, as many as they can take and only while they can send.

use std::sync::Arc;

use chrono::Utc;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::breaker::Breaker;
use super::consent::Consent;
use super::queue::Queue;
use super::{DeliveryConfig, Wake};
use crate::ledger::claims;

pub(super) struct Dispatcher {
    pub(super) pool: PgPool,
    pub(super) owner: Uuid,
    pub(super) consent: Consent,
    pub(super) queue: Arc<Queue>,
    pub(super) breaker: Arc<Breaker>,
    pub(super) wake: Wake,
    pub(super) config: DeliveryConfig,
    pub(super) shutdown: CancellationToken,
}

impl Dispatcher {
    pub(super) async fn run(self) {
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
    }

    /// Fills the queue; answers whether the ledger may hold more.
    async fn claim(&self) -> bool {
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

    async fn claim_up_to(&self, room: usize) -> Result<bool, sqlx::Error> {
        let claims = claims::claim(&self.pool, self.owner, room as i64, self.config.leases).await?;
        let more = claims.len() == room;
        let ids: Vec<_> = claims.iter().map(|claim| claim.notification_id).collect();
        match self.consent.given(claims, Utc::now()).await {
            Ok(given) => self.queue.push(given),
            Err(error) => {
                // Without the answer nothing of it goes out; it is due again at once.
                claims::release(&self.pool, self.owner, &ids).await?;
                return Err(error);
            }
        }
        Ok(more)
    }

    /// Hands back what no sender has begun: another process may reach the relay, and after a stop or an outage
    /// nothing has to wait for a lease to end.
    async fn give_back(&self) -> bool {
        let ids: Vec<_> = self.queue.withdraw().into_iter().map(|claim| claim.notification_id).collect();
        if !ids.is_empty()
            && let Err(error) = claims::release(&self.pool, self.owner, &ids).await
        {
            tracing::warn!(error = %chassis::lifecycle::chain(&error), "claims stay until their leases end");
        }
        false
    }
}
