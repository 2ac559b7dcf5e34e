//! Which events the feed shows, and what of them.
//!
//! A list of what is shown, and not of what is hidden: a field that an event gets tomorrow stays inside until somebody
//! has thought about it. Sealed secrets and addresses are on no line.

use chrono::SecondsFormat;
use eventbus::Envelope;
use prost_reflect::{DynamicMessage, Value};
use serde_json::{Map, json};
use uuid::Uuid;

use super::FeedEvent;
use crate::messages;

/// A type of event and the fields that are shown of it.
struct Shown {
    event_type: &'static str,
    fields: &'static [&'static str],
}

const fn shown(event_type: &'static str, fields: &'static [&'static str]) -> Shown {
    Shown { event_type, fields }
}

const CATALOGUE: [Shown; 22] = [
    shown("fitness.user.v1.UserRegistered", &["display_name", "locale", "time_zone", "create_time"]),
    shown("fitness.user.v1.EmailVerified", &["verify_time"]),
    shown("fitness.user.v1.OneTimeCodeIssued", &["purpose", "expire_time"]),
    shown("fitness.user.v1.PasswordResetRequested", &["expire_time"]),
    shown("fitness.user.v1.PasswordChanged", &["reason", "change_time"]),
    shown("fitness.user.v1.UserSignedIn", &["session_id", "method", "device", "new_device", "sign_in_time"]),
    shown("fitness.user.v1.UserProfileUpdated", &["display_name", "locale", "time_zone", "update_time"]),
    shown("fitness.user.v1.UserRolesChanged", &["roles", "change_time"]),
    shown("fitness.user.v1.UserDeleted", &["delete_time"]),
    shown("fitness.workout.v1.AthleteProfileCreated", &["create_time"]),
    shown(
        "fitness.workout.v1.RoutineChanged",
        &["routine_id", "name", "action", "actor_id", "actor_name", "change_time", "added_id"],
    ),
    shown("fitness.workout.v1.WorkoutStarted", &["workout_id", "name", "start_time"]),
    shown(
        "fitness.workout.v1.WorkoutFinished",
        &["workout_id", "name", "set_count", "volume_kg", "finish_time"],
    ),
    shown(
        "fitness.workout.v1.RecordSet",
        &[
            "workout_id",
            "exercise_id",
            "exercise_name",
            "estimated_one_rep_max_kg",
            "previous_one_rep_max_kg",
            "record_time",
        ],
    ),
    shown("fitness.workout.v1.AchievementUnlocked", &["achievement", "title", "description", "unlock_time"]),
    shown(
        "fitness.workout.v1.WorkoutReminderDue",
        &["reminder_id", "message", "routine_name", "due_time", "expire_time"],
    ),
    shown("fitness.workout.v1.TrainerProfileCreated", &["create_time"]),
    shown("fitness.workout.v1.AthleteFollowed", &["follow_time"]),
    shown(
        "fitness.workout.v1.WeeklySummaryDue",
        &["week_start", "workout_count", "set_count", "volume_kg", "record_count", "athletes", "due_time"],
    ),
    shown("fitness.notify.v1.NotificationSent", &["notification_id", "template", "attempts", "send_time"]),
    shown(
        "fitness.notify.v1.NotificationFailed",
        &["notification_id", "template", "attempts", "reason", "fail_time"],
    ),
    shown("fitness.notify.v1.NotificationInDoubt", &["notification_id", "template", "attempt_time"]),
];

/// An event and whom it goes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Addressed {
    pub(super) recipients: Vec<Uuid>,
    pub(super) event: FeedEvent,
}

/// Reads an event; nothing if it is not shown, or is not what it says it is.
pub(super) fn read(envelope: &Envelope) -> Option<Addressed> {
    let shown = CATALOGUE.iter().find(|shown| shown.event_type == envelope.event_type)?;
    let user_id = envelope.key.parse().ok()?;
    let message = messages::decode(&envelope.event_type, &envelope.payload)?;
    if !messages::is_event_on(&message, &envelope.topic, &envelope.key) {
        return None;
    }
    let kind = message_name(&envelope.event_type).to_owned();
    let document = json!({
        "event_id": envelope.id,
        "type": kind,
        "time": envelope.time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        "user_id": user_id,
        "data": data(&message, shown.fields)?,
    });
    let mut recipients = vec![user_id];
    for trainer_id in trainer_ids(&message) {
        if !recipients.contains(&trainer_id) {
            recipients.push(trainer_id);
        }
    }
    let event = FeedEvent { id: envelope.id, user_id, kind, json: document.to_string() };
    Some(Addressed { recipients, event })
}

fn data(message: &DynamicMessage, fields: &[&str]) -> Option<Map<String, serde_json::Value>> {
    let serde_json::Value::Object(mut all) = messages::json(message)? else { return None };
    Some(fields.iter().filter_map(|&field| all.remove_entry(field)).collect())
}

fn trainer_ids(message: &DynamicMessage) -> Vec<Uuid> {
    let field = message.get_field_by_name("trainer_ids");
    let ids = field.as_deref().and_then(Value::as_list).unwrap_or_default();
    ids.iter().filter_map(|id| id.as_str()?.parse().ok()).collect()
}

fn message_name(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}

#[cfg(test)]
mod tests {
    use eventbus::{Event, TraceContext};
    use fitness_proto::fitness::user::v1::{OneTimeCodeIssued, SealedSecret, UserProfileUpdated};
    use fitness_proto::fitness::workout::v1::WorkoutFinished;
    use prost_reflect::DescriptorPool;

    use super::*;

    fn envelope<E: Event>(event: &E) -> Envelope {
        let time = "2026-11-21T12:00:00Z".parse().unwrap();
        Envelope::new(event, Uuid::now_v7(), "test", time, TraceContext::default())
    }

    #[test]
    fn every_line_names_an_event_of_the_contracts_and_fields_that_it_has() {
        let pool = DescriptorPool::decode(fitness_proto::DESCRIPTOR_SET).unwrap();
        for Shown { event_type, fields } in &CATALOGUE {
            let message = pool.get_message_by_name(event_type).expect(event_type);
            for field in *fields {
                assert!(message.get_field_by_name(field).is_some(), "{event_type}.{field}");
            }
        }
    }

    /// Told to nobody: somebody else has done it.
    const HIDDEN: [&str; 1] = ["fitness.user.v1.RegistrationRepeated"];

    #[test]
    fn every_event_of_the_topics_is_shown_or_hidden_on_purpose() {
        let pool = DescriptorPool::decode(fitness_proto::DESCRIPTOR_SET).unwrap();
        let topic = pool.get_extension_by_name("fitness.options.v1.topic").unwrap();
        let listened = |message: &prost_reflect::MessageDescriptor| {
            let on = message.options().get_extension(&topic).as_str().unwrap_or_default().to_owned();
            crate::feed::TOPICS.contains(&on.as_str())
        };
        let events: Vec<_> = pool.all_messages().filter(listened).collect();
        assert!(events.len() >= CATALOGUE.len());
        for event in events {
            let name = event.full_name();
            let shown = CATALOGUE.iter().any(|shown| shown.event_type == name);
            assert_ne!(shown, HIDDEN.contains(&name), "{name}");
        }
    }

    #[test]
    fn no_line_shows_a_secret_or_an_address() {
        for Shown { event_type, fields } in &CATALOGUE {
            for field in *fields {
                let hidden = ["email", "sealed", "token", "code", "trainer_ids"];
                assert!(!hidden.iter().any(|word| field.contains(word)), "{event_type}.{field}");
            }
        }
    }

    #[test]
    fn an_event_goes_to_its_user_and_to_the_trainers_it_names() {
        let [user, trainer] = [Uuid::now_v7(), Uuid::now_v7()];
        let finished = WorkoutFinished {
            user_id: user.to_string(),
            name: "Legs".to_owned(),
            set_count: 12,
            volume_kg: 2400.5,
            trainer_ids: vec![trainer.to_string(), "nobody".to_owned(), trainer.to_string()],
            ..WorkoutFinished::default()
        };
        let envelope = envelope(&finished);
        let Addressed { recipients, event } = read(&envelope).unwrap();
        assert_eq!(recipients, [user, trainer]);
        let json: serde_json::Value = serde_json::from_str(&event.json).unwrap();
        assert_eq!(
            json,
            json!({
                "event_id": envelope.id,
                "type": "WorkoutFinished",
                "time": "2026-11-21T12:00:00Z",
                "user_id": user,
                "data": { "workout_id": "", "name": "Legs", "set_count": 12, "volume_kg": 2400.5 },
            })
        );
    }

    #[test]
    fn secrets_and_addresses_stay_inside() {
        let secret = SealedSecret { ciphertext: b"ciphertext".to_vec(), ..SealedSecret::default() };
        let code = OneTimeCodeIssued {
            user_id: Uuid::now_v7().to_string(),
            sealed_code: Some(secret),
            code_id: "code-id".to_owned(),
            ..OneTimeCodeIssued::default()
        };
        let code = read(&envelope(&code)).unwrap().event.json;
        assert!(code.contains("purpose") && !code.contains("sealed") && !code.contains("code-id"), "{code}");
        let profile = UserProfileUpdated {
            user_id: Uuid::now_v7().to_string(),
            email: "anna@example.org".to_owned(),
            ..UserProfileUpdated::default()
        };
        let profile = read(&envelope(&profile)).unwrap().event.json;
        assert!(profile.contains("display_name") && !profile.contains("email"), "{profile}");
    }

    #[test]
    fn what_is_not_in_the_catalogue_or_cannot_be_read_is_not_shown() {
        let good = envelope(&WorkoutFinished { user_id: Uuid::now_v7().to_string(), ..Default::default() });
        assert!(read(&good).is_some());
        assert_eq!(
            read(&Envelope { event_type: "fitness.user.v1.RegistrationRepeated".to_owned(), ..good.clone() }),
            None
        );
        assert_eq!(read(&Envelope { payload: vec![0xff].into(), ..good.clone() }), None);
        assert_eq!(read(&Envelope { key: "nobody".to_owned(), ..good }), None);
    }
}
