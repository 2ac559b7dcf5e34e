//! What templates can use. All of it is there for each of them; a name that is not here is an error.

use chassis::sealing::SealingKeys;
use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tera::Context;

use super::names::greeting_name;
use super::{Locale, RenderError};
use crate::ledger::claims::Claim;
use crate::notification::Template;
use crate::secrets::SealedVariable;

pub(super) fn of(claim: &Claim, public_url: &str, keys: &SealingKeys) -> Result<Context, RenderError> {
    let mut context = Context::new();
    context.insert("language", Locale::negotiate(&claim.locale).name());
    context.insert("name", &greeting_name(&claim.display_name));
    context.insert("public_url", public_url);
    match claim.template.parse()? {
        Template::EmailVerification => {
            let expire_time: DateTime<Utc> = variable(&claim.variables, "expire_time")?;
            let seconds = (expire_time - claim.event_time).num_seconds();
            context.insert("until", &clock_time(expire_time, &claim.time_zone));
            context.insert("lifetime_minutes", &((seconds + 30) / 60).max(1));
            let secrets = claim.secrets.as_ref().ok_or(RenderError::Variable("code"))?;
            let code = variable::<SealedVariable>(secrets, "code")?.open(keys)?;
            context.insert("code", code.expose_secret());
        }
        Template::Welcome | Template::AccountExists => {}
    }
    Ok(context)
}

fn variable<T: serde::de::DeserializeOwned>(from: &Value, name: &'static str) -> Result<T, RenderError> {
    let value = from.get(name).ok_or(RenderError::Variable(name))?;
    T::deserialize(value).map_err(|_| RenderError::Variable(name))
}

/// The time of day where the recipient lives, with the offset that makes it unmistakable: `14:32 (UTC+3)`.
fn clock_time(time: DateTime<Utc>, time_zone: &str) -> String {
    let zone: Tz = time_zone.parse().unwrap_or(Tz::UTC);
    let local = zone.from_utc_datetime(&time.naive_utc());
    let minutes = local.offset().fix().local_minus_utc() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let offset = match (hours, rest) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    };
    format!("{} ({offset})", local.format("%H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_recipient_and_name_their_offset() {
        let time = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        assert_eq!(clock_time(time, "UTC"), "14:13 (UTC)");
        assert_eq!(clock_time(time, "Europe/Moscow"), "17:13 (UTC+3)");
        assert_eq!(clock_time(time, "America/St_Johns"), "11:43 (UTC-2:30)");
        assert_eq!(clock_time(time, "Asia/Kathmandu"), "19:58 (UTC+5:45)");
        assert_eq!(clock_time(time, "Middle/Earth"), "14:13 (UTC)");
    }
}
