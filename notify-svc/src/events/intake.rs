//! A batch of events becomes ledger rows in one transaction of a few statements, whatever its size.
//!
//! The rows are committed before the offsets: a crash in between delivers the events again, and the uniqueness of
//! (event, template, recipient) makes the repetition harmless. That memory reaches as far back as the retention of the
//! ledger, so of events that are older no mail is made.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use eventbus::{Delivery, Envelope, Handler, Outcome, TraceContext};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Draft, Effect, effect};
use crate::delivery::Wake;
use crate::ledger::accounts::{self, Erasure, Roles};
use crate::ledger::entries::{self, NewNotification};
use crate::ledger::recipients::{self, Recipient};
use crate::metrics::Metrics;
use crate::notification::{Category, InDoubtRule};

/// An event, where it was found, and the trace that its notifications belong to.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// The event.
    pub envelope: &'a Envelope,
    /// Partition and position in it, where they are known.
    pub position: Option<(i32, i64)>,
    /// Where its handling stands in the trace.
    pub trace: TraceContext,
}

/// Takes events in.
#[derive(Debug)]
pub struct Intake {
    pool: PgPool,
    /// Batches that are written at one time. Each partition has one to write after an outage, and together they would
    /// hold every connection while the mails wait.
    turns: Semaphore,
    wake: Wake,
    /// Categories whose mails are left alone when in doubt.
    give_up_in_doubt: Vec<Category>,
    /// How long the ledger remembers.
    retention: Duration,
    metrics: Arc<Metrics>,
}

/// What a batch asks for; positions are those of the events in it.
#[derive(Debug, Default)]
struct Wanted {
    known: Vec<Recipient>,
    roles: Vec<Roles>,
    erasures: Vec<Erasure>,
    drafts: Vec<(usize, Draft)>,
    /// Of all events that want anything.
    positions: Vec<usize>,
}

/// What became of it.
#[derive(Debug, Default)]
struct Stored {
    /// Positions of drafts whose recipient is not known.
    unknown: Vec<usize>,
    entered: u64,
    cancelled: u64,
}

impl Handler for Intake {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let arrivals: Vec<_> = batch
            .iter()
            .map(|delivery| Arrival {
                envelope: &delivery.envelope,
                position: Some((delivery.partition, delivery.offset)),
                trace: delivery.trace(),
            })
            .collect();
        self.take(&arrivals).await
    }
}

impl Intake {
    /// An intake into the ledger of `pool`, which wakes the workers after each commit.
    pub fn new(
        pool: PgPool,
        wake: Wake,
        give_up_in_doubt: Vec<Category>,
        retention: Duration,
        metrics: Arc<Metrics>,
    ) -> Self {
        let turns = Semaphore::new((pool.options().get_max_connections() / 3).max(1) as usize);
        Self { pool, turns, wake, give_up_in_doubt, retention, metrics }
    }

    /// Handles a batch; answers one outcome for each event.
    pub async fn take(&self, arrivals: &[Arrival<'_>]) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Done; arrivals.len()];
        let mut wanted = Wanted::default();
        let oldest = Utc::now() - self.retention;
        for (position, arrival) in arrivals.iter().enumerate() {
            match effect(arrival.envelope) {
                Ok(Some(Effect::Know(recipient))) => wanted.known.push(recipient),
                Ok(Some(Effect::Permit(roles))) => wanted.roles.push(roles),
                Ok(Some(Effect::Erase(erasure))) => wanted.erasures.push(erasure),
                Ok(Some(Effect::Notify(draft))) if arrival.envelope.time >= oldest => {
                    wanted.drafts.push((position, draft));
                }
                Ok(Some(Effect::Notify(_))) => {
                    self.metrics.forgotten_event();
                    continue;
                }
                Ok(Some(Effect::Nothing)) => continue,
                Ok(None) => {
                    self.metrics.unknown_event(&arrival.envelope.event_type);
                    continue;
                }
                Err(error) => {
                    outcomes[position] = Outcome::Reject(chassis::lifecycle::chain(&error));
                    continue;
                }
            }
            wanted.positions.push(position);
        }
        if wanted.positions.is_empty() {
            return outcomes;
        }
        match self.store(arrivals, &wanted).await {
            Ok(stored) => {
                for position in stored.unknown {
                    outcomes[position] = Outcome::Retry("the recipient is not known yet".to_owned());
                }
                self.metrics.entered(stored.entered, stored.cancelled);
                if stored.entered > 0 {
                    self.wake.wake();
                }
            }
            Err(error) => {
                tracing::warn!(error = %chassis::lifecycle::chain(&error), "events cannot be taken in now");
                for position in wanted.positions {
                    outcomes[position] = Outcome::Retry("the ledger cannot be written".to_owned());
                }
            }
        }
        outcomes
    }

    /// Writes everything. Erasures go first, so that nothing else of the batch brings a person back.
    async fn store(&self, arrivals: &[Arrival<'_>], wanted: &Wanted) -> Result<Stored, sqlx::Error> {
        let _turn = self.turns.acquire().await.expect("nobody closes the semaphore");
        let mut transaction = self.pool.begin().await?;
        if !wanted.erasures.is_empty() {
            accounts::erase(&mut transaction, &wanted.erasures).await?;
        }
        recipients::upsert(&mut transaction, &wanted.known).await?;
        accounts::set_roles(&mut transaction, &wanted.roles).await?;
        let mut stored = Stored::default();
        if !wanted.drafts.is_empty() {
            let user_ids: Vec<_> = wanted.drafts.iter().map(|(_, draft)| draft.user_id).collect();
            let recipients = recipients::find(&mut transaction, &user_ids).await?;
            let (new, strangers) = self.address(arrivals, &wanted.drafts, &recipients);
            stored.entered = entries::enter(&mut transaction, &new).await?;
            let keys: Vec<_> = new.iter().filter_map(|new| new.supersede_key.clone()).collect();
            stored.cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
            if !strangers.is_empty() {
                // Asked after their recipients were waited for: an erasure in between is seen here.
                let user_ids: Vec<_> = strangers.iter().map(|(_, user_id)| *user_id).collect();
                let erased = accounts::erased(&mut transaction, &user_ids).await?;
                let unknown = strangers.iter().filter(|(_, user_id)| !erased.contains(user_id));
                stored.unknown = unknown.map(|(position, _)| *position).collect();
            }
        }
        transaction.commit().await?;
        if !wanted.erasures.is_empty() {
            tracing::info!(accounts = wanted.erasures.len(), "accounts were erased");
        }
        Ok(stored)
    }

    /// Writes the recipients on the drafts; answers apart who is not known.
    fn address(
        &self,
        arrivals: &[Arrival<'_>],
        drafts: &[(usize, Draft)],
        recipients: &HashMap<Uuid, Recipient>,
    ) -> (Vec<NewNotification>, Vec<(usize, Uuid)>) {
        let (mut new, mut strangers) = (Vec::with_capacity(drafts.len()), Vec::new());
        for (position, draft) in drafts {
            let Some(recipient) = recipients.get(&draft.user_id) else {
                strangers.push((*position, draft.user_id));
                continue;
            };
            let Arrival { envelope, position, trace } = &arrivals[*position];
            let give_up = self.give_up_in_doubt.contains(&draft.template.category());
            new.push(NewNotification {
                notification_id: Uuid::now_v7(),
                event_id: envelope.id,
                event_time: envelope.time,
                event_type: envelope.event_type.clone(),
                topic: envelope.topic.clone(),
                position: *position,
                template: draft.template,
                recipient: recipient.clone(),
                in_doubt_rule: if give_up { InDoubtRule::GiveUp } else { InDoubtRule::Resend },
                variables: draft.variables.clone(),
                secrets: draft.secrets.clone(),
                supersede_key: draft.supersede_key.clone(),
                deliver_before: draft.deliver_before,
                trace: trace.clone(),
            });
        }
        (new, strangers)
    }
}
