//! Query parameters: dotted field names and text values.

use std::borrow::Cow;

use prost_reflect::{DynamicMessage, Value};

use crate::field_path::{FieldPath, FieldPathError};
use crate::json::Reason;
use crate::json::scalar::{self, Scalar};
use crate::percent;
use crate::problem::Violation;
use crate::route::{BodyRule, Route};

/// Names come from the client; a violation quotes no more than this.
const MAX_QUOTED_CHARS: usize = 64;

/// Sets the fields that the query names, and collects everything that is wrong with it.
pub(super) fn apply(
    route: &Route,
    query: &str,
    message: &mut DynamicMessage,
    violations: &mut Vec<Violation>,
) {
    let mut seen: Vec<FieldPath> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(text)) = (decode(name), decode(text)) else {
            violations.push(Violation::new("query", "is not UTF-8 in percent-encoding"));
            continue;
        };
        if let Err(reason) = set(route, &name, &text, message, &mut seen) {
            violations.push(Violation::new(quote(&name), reason));
        }
    }
}

fn set(
    route: &Route,
    name: &str,
    text: &str,
    message: &mut DynamicMessage,
    seen: &mut Vec<FieldPath>,
) -> Result<(), Reason> {
    let reason = |error: FieldPathError| Reason::from(error.to_string());
    let path = FieldPath::resolve(&route.operation.input, name).map_err(reason)?;
    if route.variables.contains(&path) {
        return Err("is taken from the path".into());
    }
    match &route.body {
        BodyRule::Message => return Err("belongs in the body".into()),
        BodyRule::Field(field) if field == path.root() => return Err("belongs in the body".into()),
        BodyRule::Field(_) | BodyRule::Ignored => {}
    }
    let path = path.scalar().map_err(reason)?;
    let value = scalar::value(&path.field().kind(), Scalar::Bare(text))?;
    if let Some(rival) = path.rival(message) {
        return Err(format!("must not be given together with {rival}").into());
    }
    let parent = path.parent_mut(message);
    if path.field().is_list() {
        if let Value::List(values) = parent.get_field_mut(path.field()) {
            values.push(value);
        }
        return Ok(());
    }
    if seen.contains(&path) {
        return Err("is given twice".into());
    }
    parent.set_field(path.field(), value);
    seen.push(path);
    Ok(())
}

/// The names in a query, as they stand there.
pub(super) fn names_in(query: &str) -> impl Iterator<Item = String> {
    let names = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    names.filter_map(|name| decode(name).map(|name| quote(&name)))
}

/// Reads a name and its value as all queries are read here; nothing if they are not UTF-8 in percent-encoding.
pub fn query_pair(pair: &str) -> Option<(String, String)> {
    let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
    Some((decode(name)?.into_owned(), decode(text)?.into_owned()))
}

/// Queries are made by forms and by URL builders alike, so a plus is a space.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('+') {
        return percent::decode(text, false);
    }
    percent::decode(&text.replace('+', " "), false).map(|text| Cow::Owned(text.into_owned()))
}

fn quote(name: &str) -> String {
    name.chars().take(MAX_QUOTED_CHARS).collect()
}
