//! Notifications as protobuf messages.

use fitness_proto::fitness::notify::v1 as proto;

use super::timestamp;
use crate::ledger::history::{Change, Entry};
use crate::notification::{Category, State};
use crate::notifications::Story;

/// The message of a notification in a list.
pub(super) fn from_entry(entry: Entry) -> proto::Notification {
    proto::Notification {
        notification_id: entry.notification_id.to_string(),
        user_id: entry.user_id.to_string(),
        template: entry.template,
        category: category(&entry.category).into(),
        state: state(&entry.state).into(),
        locale: entry.locale,
        attempts: entry.attempts,
        create_time: Some(timestamp(entry.create_time)),
        update_time: Some(timestamp(entry.update_time)),
        next_attempt_time: entry.next_attempt_at.map(timestamp),
        deliver_before: entry.deliver_before.map(timestamp),
        origin: None,
        timeline: Vec::new(),
    }
}

/// The message of a notification with all there is to know of it.
pub(super) fn from_story(story: Story) -> proto::Notification {
    let Story { entry, timeline } = story;
    let origin = proto::NotificationOrigin {
        event_id: entry.event_id.to_string(),
        event_type: entry.event_type.clone().unwrap_or_default(),
        event_time: Some(timestamp(entry.event_time)),
        topic: entry.topic.clone().unwrap_or_default(),
        partition: entry.partition,
        offset: entry.record_offset,
        trace_id: entry.traceparent.as_deref().and_then(trace_id).unwrap_or_default().to_owned(),
    };
    let timeline = timeline.into_iter().map(from_change).collect();
    proto::Notification { origin: Some(origin), timeline, ..from_entry(entry) }
}

fn from_change(change: Change) -> proto::TimelineEntry {
    proto::TimelineEntry {
        state: state(&change.state).into(),
        attempt: change.attempt,
        reply_code: change.reply_code.unwrap_or_default(),
        reply_text: change.reply_text.unwrap_or_default(),
        detail: change.detail.unwrap_or_default(),
        time: Some(timestamp(change.at)),
    }
}

/// The trace id inside a `traceparent`: between the version and the span.
fn trace_id(traceparent: &str) -> Option<&str> {
    traceparent.split('-').nth(1)
}

fn state(name: &str) -> proto::NotificationState {
    name.parse().map_or(proto::NotificationState::Unspecified, |state: State| state.into())
}

fn category(name: &str) -> proto::NotificationCategory {
    name.parse().map_or(proto::NotificationCategory::Unspecified, |category: Category| category.into())
}

/// The state that a filter names; none if it names none.
pub(super) fn state_filter(state: proto::NotificationState) -> Option<State> {
    State::ALL.into_iter().find(|known| proto::NotificationState::from(*known) == state)
}

impl From<State> for proto::NotificationState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Sending => Self::Sending,
            State::Sent => Self::Sent,
            State::Deferred => Self::Deferred,
            State::Failed => Self::Failed,
            State::InDoubt => Self::InDoubt,
            State::Cancelled => Self::Cancelled,
            State::Expired => Self::Expired,
            State::Suppressed => Self::Suppressed,
            State::Skipped => Self::Skipped,
        }
    }
}

impl From<Category> for proto::NotificationCategory {
    fn from(category: Category) -> Self {
        match category {
            Category::OneTimeCode => Self::OneTimeCode,
            Category::Security => Self::Security,
            Category::Account => Self::Account,
            Category::Reminders => Self::Reminders,
            Category::Achievements => Self::Achievements,
            Category::Coaching => Self::Coaching,
            Category::Summaries => Self::Summaries,
        }
    }
}
