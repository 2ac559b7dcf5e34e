//! A week is over: tell its figures, to a trainer those of the athletes too.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use fitness_proto::fitness::workout::v1::WeeklySummaryDue;
use serde_json::json;

use super::{Draft, Effect, EventError, user_id, worth_telling_until};
use crate::notification::Template;

pub(super) fn effect(event: &WeeklySummaryDue, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    let week_start: NaiveDate = event.week_start.parse().map_err(|_| EventError::Field("week_start"))?;
    if !(1970..=9998).contains(&week_start.year()) {
        return Err(EventError::Field("week_start"));
    }
    if !event.volume_kg.is_finite() {
        return Err(EventError::Field("volume_kg"));
    }
    let athletes: Vec<_> = event
        .athletes
        .iter()
        .map(|athlete| {
            json!({
                "name": athlete.display_name,
                "workouts": athlete.workout_count,
                "routine_changes": athlete.routine_change_count,
            })
        })
        .collect();
    Ok(Effect::Notify(Draft {
        variables: json!({
            "week_start": week_start,
            "workouts": event.workout_count,
            "sets": event.set_count,
            "volume_kg": event.volume_kg,
            "records": event.record_count,
            "athletes": athletes,
        }),
        deliver_before: Some(worth_telling_until(event_time)?),
        ..Draft::new(user_id(&event.user_id)?, Template::WeeklySummary)
    }))
}
