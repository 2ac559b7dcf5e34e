//! One sample of each mail, for tests and previews.

use chassis::sealing::{Sealed, SealingKeys, one_time_code_place, password_reset_place};
use chrono::{DateTime, TimeDelta, Utc};
use fitness_proto::fitness::user::v1::SealedSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Locale;
use crate::ledger::claims::Claim;
use crate::notification::{InDoubtRule, Template};
use crate::secrets::SealedVariable;

const SECRET_ID: &str = "sample-secret";
const USER_ID: &str = "sample-user";

/// A row of the given template and language, always the same but for the seal.
pub fn sample(template: Template, locale: Locale, keys: &SealingKeys) -> Claim {
    let event_time: DateTime<Utc> = DateTime::from_timestamp(1_790_000_000, 0).expect("it is within range");
    let (display_name, time_zone) = match locale {
        Locale::English => ("Ann Example", "Europe/London"),
        Locale::Russian => ("Анна Примерова", "Europe/Moscow"),
    };
    Claim {
        notification_id: Uuid::from_u128(0x0191_d9a8_7b54_7c9e_8f00_0000_0000_0001),
        user_id: Uuid::from_u128(0x0191_d9a8_7b54_7c9e_8f00_0000_0000_0002),
        fence: 1,
        attempts: 0,
        template: template.name().to_owned(),
        in_doubt_rule: InDoubtRule::Resend.name().to_owned(),
        email: "ann@example.org".to_owned(),
        display_name: display_name.to_owned(),
        locale: locale.name().to_owned(),
        time_zone: time_zone.to_owned(),
        variables: variables(template, locale, event_time),
        secrets: secrets(template, keys),
        event_time,
        create_time: event_time + TimeDelta::seconds(1),
        deliver_before: None,
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        tracestate: None,
    }
}

fn variables(template: Template, locale: Locale, event_time: DateTime<Utc>) -> Value {
    let either = |english: &'static str, russian: &'static str| match locale {
        Locale::English => english,
        Locale::Russian => russian,
    };
    match template {
        Template::EmailVerification | Template::LoginCode => {
            json!({ "expire_time": event_time + TimeDelta::minutes(15) })
        }
        Template::PasswordReset => json!({ "expire_time": event_time + TimeDelta::minutes(30) }),
        Template::Welcome | Template::AccountExists => Value::Object(serde_json::Map::default()),
        Template::PasswordChanged => json!({ "time": event_time }),
        Template::NewSignIn => {
            json!({ "device": either("Firefox on Linux", "Firefox, Linux"), "time": event_time })
        }
        Template::WorkoutReminder => json!({
            "message": either("Shoes are in the bag.", "Кроссовки уже в сумке."),
            "routine_name": either("Upper body", "Верх тела"),
            "due_time": event_time,
        }),
        Template::Achievement => json!({
            "title": either("Ten workouts", "Десять тренировок"),
            "description": either("You finished ten workouts.", "Вы завершили десять тренировок."),
        }),
        Template::RoutineAssigned => json!({
            "routine_name": either("Strong back", "Крепкая спина"),
            "trainer_name": either("Tom Trainer", "Тимур Тренеров"),
        }),
        Template::Notice => json!({
            "title": either("A new hall", "Новый зал"),
            "text": either(
                "From Monday on we train in the hall at the river. The times stay as they are.",
                "С понедельника тренировки проходят в зале у реки. Время остаётся прежним.",
            ),
        }),
        Template::WeeklySummary => json!({
            "week_start": "2026-09-14",
            "workouts": 3,
            "sets": 48,
            "volume_kg": 12_345.6,
            "records": 2,
            "athletes": [
                { "name": either("Bob", "Борис"), "workouts": 4, "routine_changes": 1 },
                { "name": either("Cleo", "Клара"), "workouts": 0, "routine_changes": 0 },
            ],
        }),
    }
}

fn secrets(template: Template, keys: &SealingKeys) -> Option<Value> {
    match template {
        Template::EmailVerification | Template::LoginCode => {
            let sealed = seal("042137", &one_time_code_place(SECRET_ID, USER_ID), keys);
            Some(json!({ "code": SealedVariable::one_time_code(sealed, SECRET_ID, USER_ID) }))
        }
        Template::PasswordReset => {
            let sealed = seal("sample-token", &password_reset_place(SECRET_ID, USER_ID), keys);
            Some(json!({ "token": SealedVariable::password_reset(sealed, SECRET_ID, USER_ID) }))
        }
        _ => None,
    }
}

fn seal(secret: &str, place: &[u8], keys: &SealingKeys) -> SealedSecret {
    let Sealed { key_id, nonce, ciphertext } = keys.seal(secret.as_bytes(), place);
    SealedSecret { key_id, nonce, ciphertext }
}
