//! Something was reached for the first time: congratulate.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::workout::v1::AchievementUnlocked;
use serde_json::json;

use super::{Draft, Effect, EventError, user_id, worth_telling_until};
use crate::notification::Template;

pub(super) fn effect(event: &AchievementUnlocked, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    if event.title.is_empty() {
        return Err(EventError::Field("title"));
    }
    Ok(Effect::Notify(Draft {
        variables: json!({ "title": event.title, "description": event.description }),
        deliver_before: Some(worth_telling_until(event_time)?),
        ..Draft::new(user_id(&event.user_id)?, Template::Achievement)
    }))
}
