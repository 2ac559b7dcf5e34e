//! Somebody asked for a new password: mail the link while it works. A newer link makes the older mails pointless.

use fitness_proto::fitness::user::v1::PasswordResetRequested;
use serde_json::json;

use super::{Draft, Effect, EventError, instant, user_id};
use crate::notification::Template;
use crate::secrets::SealedVariable;

pub(super) fn effect(event: PasswordResetRequested) -> Result<Effect, EventError> {
    let template = Template::PasswordReset;
    let expire_time = instant(event.expire_time, "expire_time")?;
    let sealed = event.sealed_token.ok_or(EventError::Field("sealed_token"))?;
    let address = event.sealed_email.ok_or(EventError::Field("sealed_email"))?;
    let address = SealedVariable::address(address, &event.reset_id, &event.user_id);
    let token = SealedVariable::password_reset(sealed, &event.reset_id, &event.user_id);
    Ok(Effect::Notify(Draft {
        variables: json!({ "expire_time": expire_time }),
        secrets: Some(json!({ "token": token, "address": address })),
        supersede_key: Some(format!("{}/{}", template.name(), event.user_id)),
        deliver_before: Some(expire_time),
        ..Draft::new(user_id(&event.user_id)?, template)
    }))
}
