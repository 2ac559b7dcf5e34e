//! Another backend asks for a mail: write it, if the template is for others and gets what it needs.
//!
//! Who may ask is decided before: the event is signed by a key that the operator has listed. What it asks for is checked
//! all the same, here and not when the mail is written, so that a mistake is a dead letter with its reason.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::notify::v1::{MailRequested, MailVariable};
use serde_json::{Map, Value};

use super::{Draft, Effect, EventError, instant_or, user_id, worth_telling_until};
use crate::notification::{Need, Template};

pub(super) fn effect(event: &MailRequested, event_time: DateTime<Utc>) -> Result<Effect, EventError> {
    let user_id = user_id(&event.user_id)?;
    let template = Template::ALL.into_iter().find(|template| template.name() == event.template);
    let needs = template.and_then(|template| Some((template, template.needs_of_others()?)));
    let (template, needs) = needs.ok_or_else(|| EventError::Request(not_for_others()))?;
    let variables = variables(template, needs, &event.variables)?;
    let deliver_before = instant_or(event.expire_time, "expire_time", worth_telling_until(event_time)?)?;
    Ok(Effect::Notify(Draft {
        variables: Value::Object(variables),
        deliver_before: Some(deliver_before),
        ..Draft::new(user_id, template)
    }))
}

/// What was given, as the template takes it. The reasons name variables of ours and repeat nothing that came.
fn variables(
    template: Template,
    needs: &[(&'static str, Need)],
    given: &[MailVariable],
) -> Result<Map<String, Value>, EventError> {
    let refused = |what: String| EventError::Request(format!("the template {}: {what}", template.name()));
    if let Some((name, _)) = needs.iter().find(|(name, _)| count(given, name) > 1) {
        return Err(refused(format!("{name} is there twice")));
    }
    if given.iter().any(|variable| needs.iter().all(|(name, _)| *name != variable.name)) {
        let names: Vec<_> = needs.iter().map(|(name, _)| *name).collect();
        return Err(refused(format!("it takes these variables only: {}", names.join(", "))));
    }
    let mut variables = Map::new();
    for (name, need) in needs {
        let value = given.iter().find(|variable| variable.name == *name).map(|variable| &*variable.value);
        let fault = match (need, value) {
            (Need::Maybe(_), None) => None,
            (_, None) => Some("is missing"),
            (Need::Text(_), Some("")) => Some("is empty"),
            (Need::Text(most) | Need::Maybe(most), Some(text)) if text.chars().count() > *most => {
                Some("is too long")
            }
            (Need::Time, Some(text)) if DateTime::parse_from_rfc3339(text).is_err() => {
                Some("is no time as RFC 3339 has it")
            }
            _ => None,
        };
        if let Some(fault) = fault {
            return Err(refused(format!("{name} {fault}")));
        }
        variables.insert((*name).to_owned(), value.unwrap_or_default().into());
    }
    Ok(variables)
}

fn count(given: &[MailVariable], name: &str) -> usize {
    given.iter().filter(|variable| variable.name == name).count()
}

fn not_for_others() -> String {
    let open = Template::ALL.into_iter().filter(|template| template.needs_of_others().is_some());
    let names: Vec<_> = open.map(Template::name).collect();
    format!("the template is none that others may ask for, which are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use fitness_proto::fitness::notify::v1::MailVariable;
    use uuid::Uuid;

    use super::*;
    use crate::render::Locale;

    fn asked(template: &str, variables: &[(&str, &str)]) -> Result<Draft, String> {
        let variable =
            |(name, value): &(&str, &str)| MailVariable { name: (*name).into(), value: (*value).into() };
        let event = MailRequested {
            user_id: Uuid::from_u128(7).to_string(),
            template: template.to_owned(),
            variables: variables.iter().map(variable).collect(),
            expire_time: None,
        };
        match effect(&event, DateTime::from_timestamp(1_790_000_000, 0).unwrap()) {
            Ok(Effect::Notify(draft)) => Ok(draft),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_mail_of_a_template_for_others_is_entered() {
        let draft = asked("notice", &[("title", "New hall"), ("text", "From Monday on.")]).unwrap();
        assert_eq!((draft.template, draft.user_id), (Template::Notice, Uuid::from_u128(7)));
        assert_eq!(draft.variables, serde_json::json!({ "title": "New hall", "text": "From Monday on." }));
        assert!(draft.deliver_before.is_some());
    }

    #[test]
    fn what_does_not_fit_the_template_is_refused_with_the_reason() {
        type Variables<'a> = &'a [(&'a str, &'a str)];
        let long = "x".repeat(10_000);
        let cases: [(&str, Variables<'_>, &str); 8] = [
            ("newsletter", &[], "achievement, routine_assigned, notice"),
            ("password_reset", &[("token", "x")], "none that others may ask for"),
            ("notice", &[("title", "A")], "text is missing"),
            ("notice", &[("title", ""), ("text", "B")], "title is empty"),
            ("notice", &[("title", "A"), ("text", &long)], "text is too long"),
            ("notice", &[("title", "A"), ("title", "A"), ("text", "B")], "title is there twice"),
            (
                "notice",
                &[("title", "A"), ("text", "B"), ("hunter2", "C")],
                "these variables only: title, text",
            ),
            (
                "workout_reminder",
                &[("routine_name", "A"), ("due_time", "soon")],
                "due_time is no time as RFC 3339 has it",
            ),
        ];
        for (template, variables, reason) in cases {
            let error = asked(template, variables).unwrap_err();
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    /// What is asked for is the same as what the samples show, so that no checked request fails as a mail is written.
    #[test]
    fn what_others_are_asked_for_is_what_the_template_takes() {
        let keys =
            chassis::sealing::SealingKeys::parse(&chassis::sealing::SealingKeys::generate("test")).unwrap();
        let mut open = 0;
        for template in Template::ALL {
            let sample = crate::render::samples::sample(template, Locale::English, &keys);
            let Some(needs) = template.needs_of_others() else { continue };
            let mut taken: Vec<_> =
                sample.variables.as_object().unwrap().keys().map(String::as_str).collect();
            let mut names: Vec<_> = needs.iter().map(|(name, _)| *name).collect();
            taken.sort_unstable();
            names.sort_unstable();
            assert_eq!(names, taken, "{}", template.name());
            assert!(!template.has_secret());
            open += 1;
        }
        assert!(open >= 4);
    }
}
