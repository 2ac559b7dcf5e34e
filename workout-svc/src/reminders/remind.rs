//! Finding reminders whose time has come, and announcing each once.
//!
//! Any number of processes do this at the same time. A process claims rows with `FOR UPDATE SKIP LOCKED`, so that
//! others pass over them, and commits the event together with the next due time: whoever looks at the row afterwards
//! finds it in the future. A crash before the commit leaves the row as it was, due and unannounced. A row that the database
//! refuses fails alone ([`Parts`]).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use eventbus::TraceContext;
use fitness_proto::fitness::workout::v1::WorkoutReminderDue;
use sqlx::{Acquire as _, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::clockwork::{self, Parts, SetAside, metrics};
use crate::store::reminders::{self, Due};
use crate::training::{Training, TrainingError, timestamp};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Reminders claimed at one time.
const BATCH: usize = 100;
/// After an outage, occurrences older than this are passed over: nobody wants to hear of them any more.
const GRACE: TimeDelta = TimeDelta::hours(1);
/// How long after its time a mail about an occurrence is still of use.
const USEFUL: TimeDelta = TimeDelta::hours(2);

impl Training {
    /// Announces reminders when they are due, until `shutdown`.
    pub(crate) async fn keep_reminding(self, shutdown: CancellationToken) {
        let aside = SetAside::default();
        clockwork::run(LOOK_EVERY, shutdown, || self.remind(&aside)).await;
    }

    /// Announces a batch of due reminders and answers whether there may be more.
    async fn remind(&self, aside: &SetAside) -> Result<bool, TrainingError> {
        let now = self.now();
        let mut connection = self.pool.acquire().await?;
        // Looked at first without a transaction: nearly always nothing is due, and that shall cost one statement.
        if reminders::claim_due(&mut connection, now, &aside.at(now), 1).await?.is_empty() {
            return Ok(false);
        }
        let mut transaction = connection.begin().await?;
        let due = reminders::claim_due(&mut transaction, now, &aside.at(now), BATCH as i64).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let mut delays = Vec::new();
        let mut parts = Parts::of(&due, aside, now);
        while let Some(part) = parts.next() {
            let mut savepoint = transaction.begin().await?;
            match self.announce_reminders(&mut savepoint, part, now).await {
                Ok(announced) => {
                    savepoint.commit().await?;
                    delays.extend(announced);
                }
                Err(error) => {
                    savepoint.rollback().await?;
                    parts.failed(part, |due| due.reminder.reminder_id, error)?;
                }
            }
        }
        transaction.commit().await?;
        self.outbox.committed();
        for delay in delays {
            metrics::announced(metrics::Kind::Reminder, delay);
        }
        Ok(due.len() == BATCH)
    }

    /// Announces claimed reminders, and answers how late those came that were fresh enough.
    async fn announce_reminders(
        &self,
        connection: &mut PgConnection,
        due: &[Due],
        now: DateTime<Utc>,
    ) -> Result<Vec<TimeDelta>, TrainingError> {
        let (mut events, mut delays) = (Vec::new(), Vec::new());
        for claimed in due {
            let schedule = claimed.reminder.schedule(claimed.profile_zone);
            let newest = schedule.newest_up_to(claimed.time, now);
            if now - newest <= GRACE {
                delays.push(now - newest);
                let span = tracing::info_span!(parent: None, "remind athlete", otel.kind = "internal");
                events.push(self.outbox.encode(&event(claimed, newest), TraceContext::of(&span)));
            }
            let next = schedule.next_after(now);
            reminders::set_next(connection, claimed.reminder.reminder_id, next).await?;
        }
        if !events.is_empty() {
            self.outbox.write(connection, &events).await?;
        }
        Ok(delays)
    }
}

fn event(claimed: &Due, due_time: DateTime<Utc>) -> WorkoutReminderDue {
    WorkoutReminderDue {
        user_id: claimed.user_id.to_string(),
        reminder_id: claimed.reminder.reminder_id.to_string(),
        message: claimed.reminder.message.clone(),
        routine_name: claimed.routine_name.clone().unwrap_or_default(),
        due_time: Some(timestamp(due_time)),
        expire_time: Some(timestamp(due_time + USEFUL)),
    }
}
