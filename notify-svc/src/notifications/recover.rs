//! An administrator sends again what ended in trouble.

use chassis::errors::Violation;
use chrono::{DateTime, Utc};

use super::search::template;
use super::{NotificationError, Notifications};
use crate::ledger::interventions::{self, Recovery};
use crate::notification::{State, Template};

/// Most notifications of a call, so that its transaction stays short.
const LIMIT: i64 = 5_000;

/// Which notifications.
#[derive(Clone, Debug)]
pub struct Recover {
    /// Those that ended at this time or later.
    pub start_time: DateTime<Utc>,
    /// And before this time; now if not given.
    pub end_time: Option<DateTime<Utc>>,
    /// Which mail; all if empty.
    pub template: String,
    /// In which state, failed or in doubt; both if not given.
    pub state: Option<State>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// How many are sent again.
    pub count: u64,
    /// Whether there may be more.
    pub more: bool,
}

impl Notifications {
    /// Opens notifications again that failed or are in doubt and can still be written and sent.
    pub async fn recover(&self, recover: &Recover) -> Result<Recovered, NotificationError> {
        let recovery = self.recovery(recover)?;
        let mut transaction = self.pool.begin().await?;
        let count = interventions::recover(&mut transaction, &recovery).await?;
        transaction.commit().await?;

        self.metrics.changed("pending", count);
        if count > 0 {
            self.wake.wake();
            tracing::info!(notifications = count, "notifications are sent again");
        }
        Ok(Recovered { count, more: count == LIMIT.unsigned_abs() })
    }

    fn recovery(&self, recover: &Recover) -> Result<Recovery, NotificationError> {
        let mut violations = Vec::new();
        let end_time = recover.end_time.unwrap_or_else(|| self.clock.now());
        if recover.start_time >= end_time {
            violations.push(Violation::new("start_time", "must be before end_time"));
        }
        let states = match recover.state {
            None => vec![State::Failed.name(), State::InDoubt.name()],
            Some(state @ (State::Failed | State::InDoubt)) => vec![state.name()],
            Some(_) => {
                violations.push(Violation::new("state", "must be FAILED or IN_DOUBT"));
                Vec::new()
            }
        };
        let template = template(&recover.template)?;
        if template.is_some_and(Template::has_secret) {
            violations
                .push(Violation::new("template", "its codes or links were erased and cannot be sent again"));
        }
        if !violations.is_empty() {
            return Err(NotificationError::Invalid(violations));
        }
        let templates = template.map_or_else(Template::without_secret, |template| vec![template.name()]);
        Ok(Recovery { start_time: recover.start_time, end_time, states, templates, limit: LIMIT })
    }
}
