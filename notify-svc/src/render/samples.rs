//! One sample of each mail, for tests and previews.

use chassis::sealing::SealingKeys;
use chrono::{DateTime, TimeDelta, Utc};
use fitness_proto::fitness::user::v1::SealedSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Locale;
use crate::ledger::claims::Claim;
use crate::notification::{InDoubtRule, Template};
use crate::secrets::SealedVariable;

/// A row of the given template and language, always the same but for the seal.
pub fn sample(template: Template, locale: Locale, keys: &SealingKeys) -> Claim {
    let event_time: DateTime<Utc> = DateTime::from_timestamp(1_790_000_000, 0).expect("it is within range");
    let (display_name, time_zone) = match locale {
        Locale::English => ("Ann Example", "Europe/London"),
        Locale::Russian => ("Анна Примерова", "Europe/Moscow"),
    };
    let (variables, secrets) = match template {
        Template::EmailVerification => {
            let expire_time = event_time + TimeDelta::minutes(15);
            (json!({ "expire_time": expire_time }), Some(json!({ "code": sealed("042137", keys) })))
        }
        Template::Welcome | Template::AccountExists => (Value::Object(serde_json::Map::default()), None),
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
        variables,
        secrets,
        event_time,
        create_time: event_time + TimeDelta::seconds(1),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        tracestate: None,
    }
}

fn sealed(code: &str, keys: &SealingKeys) -> SealedVariable {
    let (code_id, user_id) = ("sample-code", "sample-user");
    let place = chassis::sealing::one_time_code_place(code_id, user_id);
    let sealed = keys.seal(code.as_bytes(), &place);
    let sealed = SealedSecret { key_id: sealed.key_id, nonce: sealed.nonce, ciphertext: sealed.ciphertext };
    SealedVariable::one_time_code(sealed, code_id, user_id)
}
