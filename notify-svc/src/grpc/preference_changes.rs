//! Preferences as protobuf messages, and the changes that a field mask makes of one.

use chassis::errors::Failure;
use chassis::mask::Mask;
use chrono::NaiveTime;
use fitness_proto::fitness::notify::v1 as proto;

use crate::notification::Category;
use crate::notifications::PreferenceChange;
use crate::preferences::Preferences;
use crate::quiet_hours::QuietHours;

const TIME: &str = "%H:%M";

/// The message of preferences.
pub(super) fn message(preferences: &Preferences) -> proto::NotificationPreferences {
    let want = |category| preferences.want(category);
    let QuietHours { enabled, start, end } = preferences.quiet_hours;
    proto::NotificationPreferences {
        one_time_code: want(Category::OneTimeCode),
        security: want(Category::Security),
        account: want(Category::Account),
        reminders: want(Category::Reminders),
        achievements: want(Category::Achievements),
        coaching: want(Category::Coaching),
        summaries: want(Category::Summaries),
        quiet_hours: Some(proto::QuietHours {
            enabled,
            start: start.format(TIME).to_string(),
            end: end.format(TIME).to_string(),
        }),
    }
}

/// The changes that a request asks for. Times of quiet hours that are named as a whole and not given are the usual ones.
pub(super) fn changes(
    request: proto::UpdateNotificationPreferencesRequest,
) -> Result<Vec<PreferenceChange>, Failure> {
    let new = request.preferences.unwrap_or_default();
    let mask = Mask::of(request.update_mask, &new)?;
    let wants = [
        ("one_time_code", Category::OneTimeCode, new.one_time_code),
        ("security", Category::Security, new.security),
        ("account", Category::Account, new.account),
        ("reminders", Category::Reminders, new.reminders),
        ("achievements", Category::Achievements, new.achievements),
        ("coaching", Category::Coaching, new.coaching),
        ("summaries", Category::Summaries, new.summaries),
    ];
    let wants = wants.into_iter().filter(|(path, ..)| mask.has(path));
    let mut changes: Vec<_> =
        wants.map(|(_, category, wanted)| PreferenceChange::Want(category, wanted)).collect();

    let (hours, usual) = (new.quiet_hours.unwrap_or_default(), QuietHours::default());
    let whole = mask.has("quiet_hours");
    if mask.has("quiet_hours.enabled") {
        changes.push(PreferenceChange::Quiet(hours.enabled));
    }
    if mask.has("quiet_hours.start") {
        let start = time("preferences.quiet_hours.start", &hours.start, whole.then_some(usual.start))?;
        changes.push(PreferenceChange::QuietStart(start));
    }
    if mask.has("quiet_hours.end") {
        let end = time("preferences.quiet_hours.end", &hours.end, whole.then_some(usual.end))?;
        changes.push(PreferenceChange::QuietEnd(end));
    }
    Ok(changes)
}

fn time(field: &str, text: &str, usual: Option<NaiveTime>) -> Result<NaiveTime, Failure> {
    match (text, usual) {
        ("", Some(usual)) => Ok(usual),
        _ => NaiveTime::parse_from_str(text, TIME)
            .map_err(|_| Failure::invalid_field(field, "must be a time such as 22:00")),
    }
}
