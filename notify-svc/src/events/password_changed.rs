//! A password was changed: tell the owner, who may not have done it.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::PasswordChanged;
use serde_json::json;

use super::{Draft, Effect, EventError, instant_or, user_id};
use crate::notification::Template;

pub(super) fn effect(event: &PasswordChanged, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    let change_time = instant_or(event.change_time, "change_time", event_time)?;
    Ok(Effect::Notify(Draft {
        variables: json!({ "time": change_time }),
        ..Draft::new(user_id(&event.user_id)?, Template::PasswordChanged)
    }))
}
