//! A one-time code was made: mail it while it works. A newer code makes the older mails pointless.

use fitness_proto::fitness::user::v1::{CodePurpose, OneTimeCodeIssued};
use serde_json::json;

use super::{Draft, Effect, EventError, instant, user_id};
use crate::notification::Template;
use crate::secrets::SealedVariable;

pub(super) fn effect(event: OneTimeCodeIssued) -> Result<Effect, EventError> {
    let template = match event.purpose() {
        CodePurpose::Verify => Template::EmailVerification,
        CodePurpose::Login => Template::LoginCode,
        CodePurpose::Unspecified => return Err(EventError::Field("purpose")),
    };
    let expire_time = instant(event.expire_time, "expire_time")?;
    let sealed = event.sealed_code.ok_or(EventError::Field("sealed_code"))?;
    let address = event.sealed_email.ok_or(EventError::Field("sealed_email"))?;
    let address = SealedVariable::address(address, &event.code_id, &event.user_id);
    let code = SealedVariable::one_time_code(sealed, &event.code_id, &event.user_id);
    Ok(Effect::Notify(Draft {
        variables: json!({ "expire_time": expire_time }),
        secrets: Some(json!({ "code": code, "address": address })),
        supersede_key: Some(format!("{}/{}", template.name(), event.user_id)),
        deliver_before: Some(expire_time),
        ..Draft::new(user_id(&event.user_id)?, template)
    }))
}
