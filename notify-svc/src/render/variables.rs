//! What templates can use. All of it is there for each of them; a name that is not here is an error.

use chassis::sealing::SealingKeys;
use chrono::{DateTime, NaiveDate, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tera::Context;

use super::names::{greeting_name, label, plain};
use super::{Locale, RenderError, links, moments};
use crate::ledger::claims::Claim;
use crate::notification::Template;
use crate::secrets::SealedVariable;

/// Longest name of a routine or an achievement in a mail.
const MAX_TITLE: usize = 120;
/// Longest text that somebody wrote.
const MAX_TEXT: usize = 500;
/// Longest text of another backend.
const MAX_NOTICE: usize = 2_000;

pub(super) fn of(claim: &Claim, public_url: &str, keys: &SealingKeys) -> Result<Context, RenderError> {
    let template: Template = claim.template.parse()?;
    let locale = Locale::negotiate(&claim.locale);
    let mut context = Context::new();
    context.insert("language", locale.name());
    context.insert("name", &greeting_name(&claim.display_name));
    context.insert("public_url", public_url);
    if let Some(links) = links::unsubscribe(claim, template.category(), public_url, keys) {
        context.insert("unsubscribe_url", &links.page);
    }
    match template {
        Template::EmailVerification | Template::LoginCode => {
            lifetime(claim, &mut context)?;
            context.insert("code", secret(claim, "code", keys)?.expose_secret());
        }
        Template::PasswordReset => {
            lifetime(claim, &mut context)?;
            let token = secret(claim, "token", keys)?;
            context.insert("reset_url", &links::password_reset(token.expose_secret(), public_url));
        }
        Template::Welcome | Template::AccountExists => {}
        Template::PasswordChanged => moment(claim, "time", locale, &mut context)?,
        Template::NewSignIn => {
            moment(claim, "time", locale, &mut context)?;
            context.insert("device", &label(&text(claim, "device")?, MAX_TITLE));
        }
        Template::WorkoutReminder => {
            moment(claim, "due_time", locale, &mut context)?;
            context.insert("routine_name", &plain(&text(claim, "routine_name")?, MAX_TITLE));
            context.insert("message", &plain(&text(claim, "message")?, MAX_TEXT));
        }
        Template::Achievement => {
            context.insert("title", &plain(&text(claim, "title")?, MAX_TITLE));
            context.insert("description", &plain(&text(claim, "description")?, MAX_TEXT));
        }
        Template::RoutineAssigned => {
            context.insert("routine_name", &label(&text(claim, "routine_name")?, MAX_TITLE));
            context.insert("trainer_name", &greeting_name(&text(claim, "trainer_name")?));
        }
        Template::Notice => {
            context.insert("title", &plain(&text(claim, "title")?, MAX_TITLE));
            context.insert("text", &plain(&text(claim, "text")?, MAX_NOTICE));
        }
        Template::WeeklySummary => week(claim, locale, &mut context)?,
    }
    Ok(context)
}

/// Until when a code or link works, and how long that was from the beginning.
fn lifetime(claim: &Claim, context: &mut Context) -> Result<(), RenderError> {
    let expire_time: DateTime<Utc> = variable(&claim.variables, "expire_time")?;
    let seconds = (expire_time - claim.event_time).num_seconds();
    context.insert("until", &moments::clock_time(expire_time, &claim.time_zone));
    context.insert("lifetime_minutes", &((seconds + 30) / 60).max(1));
    Ok(())
}

fn moment(
    claim: &Claim,
    name: &'static str,
    locale: Locale,
    context: &mut Context,
) -> Result<(), RenderError> {
    let time: DateTime<Utc> = variable(&claim.variables, name)?;
    context.insert("day", &moments::day(time, &claim.time_zone, locale));
    context.insert("time", &moments::clock_time(time, &claim.time_zone));
    Ok(())
}

fn week(claim: &Claim, locale: Locale, context: &mut Context) -> Result<(), RenderError> {
    #[derive(Deserialize)]
    struct Athlete {
        name: String,
        workouts: i64,
        routine_changes: i64,
    }

    let start: NaiveDate = variable(&claim.variables, "week_start")?;
    context.insert("week", &moments::week(start, locale));
    for name in ["workouts", "sets", "records"] {
        context.insert(name, &variable::<i64>(&claim.variables, name)?);
    }
    let volume: f64 = variable(&claim.variables, "volume_kg")?;
    context.insert("volume", &grouped(volume.round() as i64, locale));
    let athletes: Vec<Athlete> = variable(&claim.variables, "athletes")?;
    let athletes = athletes.into_iter().map(|athlete| {
        let Athlete { name, workouts, routine_changes } = athlete;
        json!({ "name": greeting_name(&name), "workouts": workouts, "routine_changes": routine_changes })
    });
    context.insert("athletes", &athletes.collect::<Vec<_>>());
    Ok(())
}

/// A code or a link is for one address, which its maker sealed with it. The ledger knows where a person's mail goes by
/// other events; where the two differ, somebody has redirected it. Rows of a release that sealed no address pass: they
/// were taken in before this one started.
pub(super) fn check_address(claim: &Claim, keys: &SealingKeys) -> Result<(), RenderError> {
    let sealed = claim.secrets.as_ref().and_then(|secrets| secrets.get("address"));
    if sealed.is_none() {
        return Ok(());
    }
    let address = secret(claim, "address", keys)?;
    // As accounts are told apart.
    let same = address.expose_secret().to_lowercase() == claim.email.to_lowercase();
    if same { Ok(()) } else { Err(RenderError::Address) }
}

fn secret(claim: &Claim, name: &'static str, keys: &SealingKeys) -> Result<SecretString, RenderError> {
    let secrets = claim.secrets.as_ref().ok_or(RenderError::Variable(name))?;
    Ok(variable::<SealedVariable>(secrets, name)?.open(keys)?)
}

fn text(claim: &Claim, name: &'static str) -> Result<String, RenderError> {
    variable(&claim.variables, name)
}

fn variable<T: serde::de::DeserializeOwned>(from: &Value, name: &'static str) -> Result<T, RenderError> {
    let value = from.get(name).ok_or(RenderError::Variable(name))?;
    T::deserialize(value).map_err(|_| RenderError::Variable(name))
}

/// A number with its thousands apart.
fn grouped(number: i64, locale: Locale) -> String {
    let separator = match locale {
        Locale::English => ',',
        Locale::Russian => '\u{a0}',
    };
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::from(if number < 0 { "-" } else { "" });
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart_as_the_language_has_it() {
        let english = |number| grouped(number, Locale::English);
        assert_eq!(
            [0, 999, 1_000, 12_345, 1_234_567].map(english),
            ["0", "999", "1,000", "12,345", "1,234,567"]
        );
        assert_eq!(grouped(12_345, Locale::Russian), "12\u{a0}345");
    }
}
