//! What an operator watches: how late things come that come by the clock.
//!
//! The delay of what was announced says how it went; the age of what was not says that it does not go at all.

use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use opentelemetry::metrics::{Gauge, Histogram};
use opentelemetry::{KeyValue, global};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::store::overdue::{self, Overdue};
use crate::training::{Training, TrainingError};

/// How often it is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

static DELAY: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    global::meter("workout-svc")
        .f64_histogram("workout.announcement.delay")
        .with_unit("s")
        .with_description("From the time at which something was due to its announcement, by kind.")
        .with_boundaries(vec![0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0])
        .build()
});
static OVERDUE: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    global::meter("workout-svc")
        .f64_gauge("workout.announcement.overdue.age")
        .with_unit("s")
        .with_description("How long the longest waiting announcement of a kind has been due; 0 if none is.")
        .build()
});

/// What comes by the clock.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Reminder,
    WeeklySummary,
}

impl Kind {
    fn label(self) -> [KeyValue; 1] {
        let name = match self {
            Self::Reminder => "reminder",
            Self::WeeklySummary => "weekly_summary",
        };
        [KeyValue::new("kind", name)]
    }
}

/// Something was announced that long after it was due.
pub(crate) fn announced(kind: Kind, delay: TimeDelta) {
    DELAY.record(seconds(delay), &kind.label());
}

impl Training {
    /// Measures what is overdue, until `shutdown`.
    pub(crate) async fn keep_measuring(self, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(MEASURE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            // What cannot be measured now is measured a little later.
            let _ = self.measure().await;
        }
    }

    async fn measure(&self) -> Result<(), TrainingError> {
        let now = self.now();
        let mut connection = self.pool.acquire().await?;
        let Overdue { reminder, weekly_summary } = overdue::find(&mut connection, now).await?;
        let age = |due: Option<DateTime<Utc>>| due.map_or(0.0, |due| seconds(now - due));
        OVERDUE.record(age(reminder), &Kind::Reminder.label());
        OVERDUE.record(age(weekly_summary), &Kind::WeeklySummary.label());
        Ok(())
    }
}

fn seconds(delay: TimeDelta) -> f64 {
    delay.as_seconds_f64().max(0.0)
}
