//! It is time to train: say so while it is.

use fitness_proto::fitness::workout::v1::WorkoutReminderDue;
use serde_json::json;

use super::{Draft, Effect, EventError, instant, user_id};
use crate::notification::Template;

pub(super) fn effect(event: &WorkoutReminderDue) -> Result<Effect, EventError> {
    let due_time = instant(event.due_time, "due_time")?;
    let expire_time = instant(event.expire_time, "expire_time")?;
    Ok(Effect::Notify(Draft {
        variables: json!({
            "message": event.message,
            "routine_name": event.routine_name,
            "due_time": due_time,
        }),
        deliver_before: Some(expire_time),
        ..Draft::new(user_id(&event.user_id)?, Template::WorkoutReminder)
    }))
}
