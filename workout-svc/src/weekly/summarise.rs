//! Announcing weeks that are over, each once.
//!
//! Several processes share the work as with reminders: rows are claimed with `FOR UPDATE SKIP LOCKED`, and the event is
//! committed together with the next due time. A row that the database refuses fails alone ([`Parts`]).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use eventbus::TraceContext;
use fitness_proto::fitness::workout::v1::{AthleteActivity, WeeklySummaryDue};
use sqlx::{Acquire as _, PgConnection};
use tokio_util::sync::CancellationToken;

use super::{mondays, week_before};
use crate::clockwork::{self, Parts, SetAside, metrics};
use crate::model::progress::Period;
use crate::model::quantity;
use crate::model::week::{Followed, OwnWeek};
use crate::store::routine_changes;
use crate::store::weekly_summaries::{self, Due};
use crate::training::{Training, TrainingError, timestamp};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Summaries claimed at one time; each takes a few statements.
const BATCH: usize = 50;
/// After an outage, summaries later than this are left out.
const GRACE: TimeDelta = TimeDelta::days(2);
/// How long changes of routines are kept.
const KEEP_CHANGES: TimeDelta = TimeDelta::days(31);

impl Training {
    /// Announces weeks when they are over, until `shutdown`.
    pub(crate) async fn keep_summarising(self, shutdown: CancellationToken) {
        let aside = SetAside::default();
        clockwork::run(LOOK_EVERY, shutdown, || self.summarise_weeks(&aside)).await;
    }

    /// Announces a batch of weeks that are over and answers whether there may be more.
    async fn summarise_weeks(&self, aside: &SetAside) -> Result<bool, TrainingError> {
        let now = self.now();
        let mut connection = self.pool.acquire().await?;
        // As with reminders: nearly always nothing is due, and that shall cost one statement.
        if weekly_summaries::claim_due(&mut connection, now, &aside.at(now), 1).await?.is_empty() {
            return Ok(false);
        }
        let mut transaction = connection.begin().await?;
        let due = weekly_summaries::claim_due(&mut transaction, now, &aside.at(now), BATCH as i64).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let mut delays = Vec::new();
        let mut parts = Parts::of(&due, aside, now);
        while let Some(part) = parts.next() {
            let mut savepoint = transaction.begin().await?;
            match self.announce_weeks(&mut savepoint, part, now).await {
                Ok(announced) => {
                    savepoint.commit().await?;
                    delays.extend(announced);
                }
                Err(error) => {
                    savepoint.rollback().await?;
                    parts.failed(part, |due| due.user_id, error)?;
                }
            }
        }
        routine_changes::forget(&mut transaction, now - KEEP_CHANGES).await?;
        transaction.commit().await?;
        self.outbox.committed();
        for delay in delays {
            metrics::announced(metrics::Kind::WeeklySummary, delay);
        }
        Ok(due.len() == BATCH)
    }

    /// Announces claimed weeks, and answers how late those came of which there was something to tell.
    async fn announce_weeks(
        &self,
        connection: &mut PgConnection,
        due: &[Due],
        now: DateTime<Utc>,
    ) -> Result<Vec<TimeDelta>, TrainingError> {
        let (mut events, mut delays) = (Vec::new(), Vec::new());
        for claimed in due {
            let mondays = mondays(claimed.time_zone);
            let due_time = mondays.newest_up_to(claimed.time, now);
            let week = week_before(due_time, claimed.time_zone);
            let is_new = claimed.last_week_start.is_none_or(|last| last < week.from);
            if is_new
                && now - due_time <= GRACE
                && let Some(event) = event(connection, claimed, week, due_time).await?
            {
                let span = tracing::info_span!(parent: None, "summarise week", otel.kind = "internal");
                events.push(self.outbox.encode(&event, TraceContext::of(&span)));
                delays.push(now - due_time);
            }
            // Without a next Monday there is no calendar either; a week later is looked again.
            let next = mondays.next_after(now).unwrap_or(now + TimeDelta::weeks(1));
            weekly_summaries::done(connection, claimed.user_id, week.from, next).await?;
        }
        if !events.is_empty() {
            self.outbox.write(connection, &events).await?;
        }
        Ok(delays)
    }
}

/// The summary of a week, if there is anything to tell.
async fn event(
    connection: &mut PgConnection,
    claimed: &Due,
    week: Period,
    due_time: DateTime<Utc>,
) -> Result<Option<WeeklySummaryDue>, TrainingError> {
    let own = weekly_summaries::own_week(connection, claimed.user_id, week).await?;
    let followed = weekly_summaries::followed(connection, claimed.user_id, week, claimed.time_zone).await?;
    if own.totals.workouts == 0 && followed.is_empty() {
        return Ok(None);
    }
    Ok(Some(message(claimed, week, &own, followed, due_time)))
}

fn message(
    claimed: &Due,
    week: Period,
    own: &OwnWeek,
    followed: Vec<Followed>,
    due_time: DateTime<Utc>,
) -> WeeklySummaryDue {
    let activity = |followed: Followed| AthleteActivity {
        display_name: followed.display_name,
        workout_count: followed.workouts as i32,
        routine_change_count: followed.routine_changes as i32,
    };
    WeeklySummaryDue {
        user_id: claimed.user_id.to_string(),
        week_start: week.from.to_string(),
        workout_count: own.totals.workouts as i32,
        set_count: own.totals.sets as i32,
        volume_kg: quantity::kilograms(own.totals.volume_g),
        record_count: own.records as i32,
        athletes: followed.into_iter().map(activity).collect(),
        due_time: Some(timestamp(due_time)),
    }
}
