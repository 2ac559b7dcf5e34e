//! Preferences as protobuf messages, and the changes that a field mask makes of one.

use chassis::errors::{Failure, Violation};
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

/// The changes that a request asks for, each path of the mask one or, for `quiet_hours`, three.
pub(super) fn changes(
    request: &proto::UpdateNotificationPreferencesRequest,
) -> Result<Vec<PreferenceChange>, Failure> {
    let preferences = request.preferences.clone().unwrap_or_default();
    let hours = preferences.quiet_hours.clone().unwrap_or_default();
    let (mut changes, mut violations) = (Vec::new(), Vec::new());
    for path in request.update_mask.iter().flat_map(|mask| &mask.paths) {
        let want = |category, wanted| Ok(vec![PreferenceChange::Want(category, wanted)]);
        let made = match path.as_str() {
            "one_time_code" => want(Category::OneTimeCode, preferences.one_time_code),
            "security" => want(Category::Security, preferences.security),
            "account" => want(Category::Account, preferences.account),
            "reminders" => want(Category::Reminders, preferences.reminders),
            "achievements" => want(Category::Achievements, preferences.achievements),
            "coaching" => want(Category::Coaching, preferences.coaching),
            "summaries" => want(Category::Summaries, preferences.summaries),
            "quiet_hours" => whole(&hours),
            "quiet_hours.enabled" => Ok(vec![PreferenceChange::Quiet(hours.enabled)]),
            "quiet_hours.start" => start(&hours.start).map(|change| vec![change]),
            "quiet_hours.end" => end(&hours.end).map(|change| vec![change]),
            _ => Err(Violation::new("update_mask", "names a field that is not there")),
        };
        match made {
            Ok(made) => changes.extend(made),
            Err(violation) => violations.push(violation),
        }
    }
    if violations.is_empty() { Ok(changes) } else { Err(Failure::invalid(violations)) }
}

/// The quiet hours as a whole: times that are not given are the usual ones.
fn whole(hours: &proto::QuietHours) -> Result<Vec<PreferenceChange>, Violation> {
    let usual = QuietHours::default();
    let start = match hours.start.as_str() {
        "" => PreferenceChange::QuietStart(usual.start),
        text => start(text)?,
    };
    let end = match hours.end.as_str() {
        "" => PreferenceChange::QuietEnd(usual.end),
        text => end(text)?,
    };
    Ok(vec![PreferenceChange::Quiet(hours.enabled), start, end])
}

fn start(text: &str) -> Result<PreferenceChange, Violation> {
    time("preferences.quiet_hours.start", text).map(PreferenceChange::QuietStart)
}

fn end(text: &str) -> Result<PreferenceChange, Violation> {
    time("preferences.quiet_hours.end", text).map(PreferenceChange::QuietEnd)
}

fn time(field: &str, text: &str) -> Result<NaiveTime, Violation> {
    NaiveTime::parse_from_str(text, TIME).map_err(|_| Violation::new(field, "must be a time such as 22:00"))
}
