//! A batch of events becomes ledger rows in one transaction of a few statements, whatever its size.
//!
//! The rows are committed before the offsets: a crash in between delivers the events again, and the uniqueness of
//! (event, template, recipient) makes the repetition harmless. That memory reaches as far back as the retention of the
//! ledger, so of events that are older no mail is made.

mod settling;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chassis::database;
use chrono::Utc;
use eventbus::{Delivery, Envelope, Failure, Handler, Outcome, Position, Together, TraceContext, by_halves};
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Draft, Effect, effect};
use crate::delivery::Wake;
use crate::ledger::accounts;
use crate::ledger::entries::{self, NewNotification};
use crate::ledger::recipients::{self, Recipient};
use crate::ledger::waiting::{self, Waiting};
use crate::metrics::Metrics;
use crate::notification::{Category, InDoubtRule};

/// An event, where it was found, and the trace that its notifications belong to.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// The event.
    pub envelope: &'a Envelope,
    /// Where it lies, if that is known.
    pub position: Option<Position>,
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

/// What a batch asks for, each with the position of its event in the batch.
type Wanted = Vec<(usize, Effect)>;

/// What became of it.
#[derive(Debug, Default)]
struct Stored {
    /// Positions of drafts whose recipient is not known and for which there is no place to wait.
    crowded: Vec<usize>,
    entered: u64,
    cancelled: u64,
    skipped: u64,
}

/// A batch on its way into the ledger, in one transaction or in several.
struct Batch<'a> {
    intake: &'a Intake,
    arrivals: &'a [Arrival<'a>],
}

impl Together for Batch<'_> {
    type Item = (usize, Effect);
    type Done = Stored;

    async fn attempt(&self, wanted: &[(usize, Effect)]) -> Result<Stored, Failure> {
        let stored = self.intake.store(self.arrivals, wanted).await;
        stored.map_err(|error| database::failure(&error, "the ledger cannot be written"))
    }
}

impl Handler for Intake {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        let arrivals: Vec<_> = batch
            .iter()
            .map(|delivery| Arrival {
                envelope: &delivery.envelope,
                position: Some(delivery.position),
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
        #[expect(clippy::disallowed_methods, reason = "how far the ledger remembers is counted from now")]
        let oldest = Utc::now() - self.retention;
        for (position, arrival) in arrivals.iter().enumerate() {
            match effect(arrival.envelope) {
                Ok(Some(Effect::Notify(_))) if arrival.envelope.time < oldest => {
                    self.metrics.forgotten_event();
                }
                Ok(Some(Effect::Nothing)) => {}
                Ok(Some(effect)) => wanted.push((position, effect)),
                Ok(None) => self.metrics.unknown_event(&arrival.envelope.event_type),
                Err(error) => outcomes[position] = Failure::event(&error).into(),
            }
        }
        if !wanted.is_empty() {
            for (part, stored) in by_halves(&Batch { intake: self, arrivals }, wanted).await {
                match stored {
                    Ok(stored) => self.settled(stored, &mut outcomes),
                    Err(failure) => {
                        for (position, _) in part {
                            outcomes[position] = failure.clone().into();
                        }
                    }
                }
            }
        }
        outcomes
    }

    /// Counts what was written, wakes those who send it, and refuses that for which there was no place.
    fn settled(&self, stored: Stored, outcomes: &mut [Outcome]) {
        for position in stored.crowded {
            let reason = "its account is not known, and too much waits for it already";
            outcomes[position] = Outcome::Reject(reason.to_owned());
        }
        self.metrics.entered(stored.entered, stored.cancelled);
        self.metrics.changed("skipped", stored.skipped);
        if stored.entered > 0 {
            self.wake.wake();
        }
    }

    /// Writes everything. Erasures go first, so that nothing else of the batch brings a person back.
    async fn store(
        &self,
        arrivals: &[Arrival<'_>],
        wanted: &[(usize, Effect)],
    ) -> Result<Stored, sqlx::Error> {
        let (mut known, mut roles, mut erasures, mut drafts) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (position, effect) in wanted {
            match effect {
                Effect::Know(recipient) => known.push(recipient.clone()),
                Effect::Permit(permitted) => roles.push(permitted.clone()),
                Effect::Erase(erasure) => erasures.push(*erasure),
                Effect::Notify(draft) => drafts.push((*position, draft)),
                Effect::Nothing => {}
            }
        }
        let _turn = self.turns.acquire().await.expect("nobody closes the semaphore");
        let mut transaction = self.pool.begin().await?;
        if !erasures.is_empty() {
            accounts::erase(&mut transaction, &erasures).await?;
        }
        recipients::upsert(&mut transaction, &known).await?;
        accounts::set_roles(&mut transaction, &roles).await?;
        let (mut stored, mut keys, mut limited) = (Stored::default(), Vec::new(), Vec::new());
        if !known.is_empty() {
            let user_ids: Vec<_> = known.iter().map(|recipient| recipient.user_id).collect();
            let mut savepoint = transaction.begin().await?;
            match waiting::arrive(&mut savepoint, &user_ids).await {
                Ok(arrived) => {
                    savepoint.commit().await?;
                    stored.entered += arrived.entered;
                    keys.extend(arrived.keys);
                    limited.extend(arrived.user_ids);
                }
                // That is the fault of what waits and not of the registration; `settle` finds out which it is.
                Err(error) if database::refused_values(&error).is_some() => savepoint.rollback().await?,
                Err(error) => return Err(error),
            }
        }
        if !drafts.is_empty() {
            let user_ids: Vec<_> = drafts.iter().map(|(_, draft)| draft.user_id).collect();
            let recipients = recipients::find(&mut transaction, &user_ids).await?;
            let (new, strangers) = self.address(arrivals, &drafts, &recipients);
            stored.entered += entries::enter(&mut transaction, &new).await?;
            let counted = new.iter().filter(|new| new.template.most_a_day().is_some());
            limited.extend(counted.map(|new| new.recipient.user_id));
            keys.extend(new.iter().filter_map(|new| new.supersede_key.clone()));
            if !strangers.is_empty() {
                stored.crowded = self.let_wait(&mut transaction, arrivals, &strangers).await?;
            }
        }
        stored.cancelled = entries::cancel_superseded(&mut transaction, &keys).await?;
        if !limited.is_empty() {
            stored.skipped = entries::skip_beyond_limits(&mut transaction, &limited).await?;
        }
        transaction.commit().await?;
        if !erasures.is_empty() {
            tracing::info!(accounts = erasures.len(), "accounts were erased");
        }
        Ok(stored)
    }

    /// Lets drafts wait whose account is not known, except those of accounts that are gone. Answers the positions of
    /// those for which there is no place.
    async fn let_wait(
        &self,
        connection: &mut PgConnection,
        arrivals: &[Arrival<'_>],
        strangers: &[(usize, &Draft)],
    ) -> Result<Vec<usize>, sqlx::Error> {
        // Asked after their recipients were waited for: an erasure in between is seen here.
        let user_ids: Vec<_> = strangers.iter().map(|(_, draft)| draft.user_id).collect();
        let erased = accounts::erased(connection, &user_ids).await?;
        let strangers = strangers.iter().filter(|(_, draft)| !erased.contains(&draft.user_id));
        let rows: Vec<_> =
            strangers.clone().map(|(position, draft)| self.waiting(&arrivals[*position], draft)).collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let crowded = waiting::keep(connection, &rows).await?;
        let crowded = strangers.filter(|(position, _)| crowded.contains(&arrivals[*position].envelope.id));
        Ok(crowded.map(|(position, _)| *position).collect())
    }

    fn waiting(&self, arrival: &Arrival<'_>, draft: &Draft) -> Waiting {
        let Arrival { envelope, position, trace } = arrival;
        Waiting {
            notification_id: Uuid::now_v7(),
            user_id: draft.user_id,
            event_id: envelope.id,
            event_time: envelope.time,
            event_type: envelope.event_type.clone(),
            topic: envelope.topic.clone(),
            position: *position,
            template: draft.template,
            in_doubt_rule: self.in_doubt_rule(draft),
            variables: draft.variables.clone(),
            secrets: draft.secrets.clone(),
            supersede_key: draft.supersede_key.clone(),
            deliver_before: draft.deliver_before,
            trace: trace.clone(),
        }
    }

    fn in_doubt_rule(&self, draft: &Draft) -> InDoubtRule {
        let give_up = self.give_up_in_doubt.contains(&draft.template.category());
        if give_up { InDoubtRule::GiveUp } else { InDoubtRule::Resend }
    }

    /// Writes the recipients on the drafts; answers apart who is not known.
    fn address<'a>(
        &self,
        arrivals: &[Arrival<'_>],
        drafts: &[(usize, &'a Draft)],
        recipients: &HashMap<Uuid, Recipient>,
    ) -> (Vec<NewNotification>, Vec<(usize, &'a Draft)>) {
        let (mut new, mut strangers) = (Vec::with_capacity(drafts.len()), Vec::new());
        for (position, draft) in drafts {
            let Some(recipient) = recipients.get(&draft.user_id) else {
                strangers.push((*position, *draft));
                continue;
            };
            let Arrival { envelope, position, trace } = &arrivals[*position];
            new.push(NewNotification {
                notification_id: Uuid::now_v7(),
                event_id: envelope.id,
                event_time: envelope.time,
                event_type: envelope.event_type.clone(),
                topic: envelope.topic.clone(),
                position: *position,
                template: draft.template,
                recipient: recipient.clone(),
                in_doubt_rule: self.in_doubt_rule(draft),
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
