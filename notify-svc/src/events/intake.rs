//! A batch of events becomes ledger rows in one transaction of a few statements, whatever its size.
//!
//! The rows are committed before the offsets: a crash in between delivers the events again, and the uniqueness of
//! (event, template, recipient) makes the repetition harmless.

use std::collections::HashMap;
use std::sync::Arc;

use eventbus::{Delivery, Envelope, Handler, Outcome, TraceContext};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Draft, Effect, effect};
use crate::delivery::Wake;
use crate::ledger::entries::{self, NewNotification};
use crate::ledger::recipients::{self, Recipient};
use crate::metrics::Metrics;
use crate::notification::{Category, InDoubtRule};

/// An event and the trace that its notifications belong to.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// The event.
    pub envelope: &'a Envelope,
    /// Where its handling stands in the trace.
    pub trace: TraceContext,
}

/// Takes events in.
#[derive(Debug)]
pub struct Intake {
    pool: PgPool,
    wake: Wake,
    /// Categories whose mails are left alone when in doubt.
    give_up_in_doubt: Vec<Category>,
    metrics: Arc<Metrics>,
}

impl Handler for Intake {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let arrivals: Vec<_> = batch
            .iter()
            .map(|delivery| Arrival { envelope: &delivery.envelope, trace: delivery.trace() })
            .collect();
        self.take(&arrivals).await
    }
}

impl Intake {
    /// An intake into the ledger of `pool`, which wakes the workers after each commit.
    pub fn new(pool: PgPool, wake: Wake, give_up_in_doubt: Vec<Category>, metrics: Arc<Metrics>) -> Self {
        Self { pool, wake, give_up_in_doubt, metrics }
    }

    /// Handles a batch; answers one outcome for each event.
    pub async fn take(&self, arrivals: &[Arrival<'_>]) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Done; arrivals.len()];
        let mut known = Vec::new();
        let mut drafts = Vec::new();
        for (position, arrival) in arrivals.iter().enumerate() {
            match effect(arrival.envelope) {
                Ok(Some(Effect::Know(recipient))) => known.push((position, recipient)),
                Ok(Some(Effect::Notify(draft))) => drafts.push((position, draft)),
                Ok(Some(Effect::Nothing)) => {}
                Ok(None) => self.metrics.unknown_event(&arrival.envelope.event_type),
                Err(error) => outcomes[position] = Outcome::Reject(chassis::lifecycle::chain(&error)),
            }
        }
        match self.store(arrivals, &known, &drafts).await {
            Ok(unknown) => {
                for position in unknown {
                    outcomes[position] = Outcome::Retry("the recipient is not known yet".to_owned());
                }
            }
            Err(error) => {
                tracing::warn!(error = %chassis::lifecycle::chain(&error), "events cannot be taken in now");
                for position in known.iter().map(|(position, _)| *position).chain(drafts.iter().map(|d| d.0))
                {
                    outcomes[position] = Outcome::Retry("the ledger cannot be written".to_owned());
                }
            }
        }
        outcomes
    }

    /// Writes everything; answers the positions of drafts whose recipient is not known.
    async fn store(
        &self,
        arrivals: &[Arrival<'_>],
        known: &[(usize, Recipient)],
        drafts: &[(usize, Draft)],
    ) -> Result<Vec<usize>, sqlx::Error> {
        if known.is_empty() && drafts.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.pool.begin().await?;
        let known: Vec<_> = known.iter().map(|(_, recipient)| recipient.clone()).collect();
        recipients::upsert(&mut transaction, &known).await?;
        if drafts.is_empty() {
            transaction.commit().await?;
            return Ok(Vec::new());
        }
        let user_ids: Vec<_> = drafts.iter().map(|(_, draft)| draft.user_id).collect();
        let recipients = recipients::find(&mut transaction, &user_ids).await?;
        let (new, unknown) = self.address(arrivals, drafts, &recipients);
        let entered = entries::enter(&mut transaction, &new).await?;
        let keys: Vec<_> = new.iter().filter_map(|new| new.supersede_key.clone()).collect();
        let cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
        transaction.commit().await?;

        self.metrics.entered(entered, cancelled);
        if entered > 0 {
            self.wake.wake();
        }
        Ok(unknown)
    }

    fn address(
        &self,
        arrivals: &[Arrival<'_>],
        drafts: &[(usize, Draft)],
        recipients: &HashMap<Uuid, Recipient>,
    ) -> (Vec<NewNotification>, Vec<usize>) {
        let (mut new, mut unknown) = (Vec::with_capacity(drafts.len()), Vec::new());
        for (position, draft) in drafts {
            let Some(recipient) = recipients.get(&draft.user_id) else {
                unknown.push(*position);
                continue;
            };
            let Arrival { envelope, trace } = &arrivals[*position];
            let give_up = self.give_up_in_doubt.contains(&draft.template.category());
            new.push(NewNotification {
                notification_id: Uuid::now_v7(),
                event_id: envelope.id,
                event_time: envelope.time,
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
        (new, unknown)
    }
}
