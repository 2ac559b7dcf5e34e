//! A session was opened: tell the owner if it was from a device that was not seen before.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::UserSignedIn;
use serde_json::json;

use super::{Draft, Effect, EventError, instant_or, user_id};
use crate::notification::Template;

pub(super) fn effect(event: &UserSignedIn, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    let user_id = user_id(&event.user_id)?;
    if !event.new_device {
        return Ok(Effect::Nothing);
    }
    let sign_in_time = instant_or(event.sign_in_time, "sign_in_time", event_time)?;
    Ok(Effect::Notify(Draft {
        variables: json!({ "device": event.device, "time": sign_in_time }),
        ..Draft::new(user_id, Template::NewSignIn)
    }))
}
