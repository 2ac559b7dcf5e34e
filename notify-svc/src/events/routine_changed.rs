//! A routine was changed: tell the athlete if a trainer assigned it. Every other change the athlete has made or sees.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::workout::v1::{RoutineAction, RoutineChanged};
use serde_json::json;

use super::{Draft, Effect, EventError, user_id, worth_telling_until};
use crate::notification::Template;

pub(super) fn effect(event: &RoutineChanged, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    let user_id = user_id(&event.user_id)?;
    if event.action() != RoutineAction::Assigned {
        return Ok(Effect::Nothing);
    }
    Ok(Effect::Notify(Draft {
        variables: json!({ "routine_name": event.name, "trainer_name": event.actor_name }),
        deliver_before: Some(worth_telling_until(event_time)?),
        ..Draft::new(user_id, Template::RoutineAssigned)
    }))
}
