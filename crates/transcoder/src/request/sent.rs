//! Names of fields in violations, as the client has sent them.
//!
//! Whoever finds a fault, the decoder here or a service behind, names the field from the root of the rpc's request, in
//! the names of the .proto file. A client of REST may know neither: its body may be one field of that request, and it
//! may spell names as JSON does. So there is one place where names are turned into the client's.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value as Json;

use super::Incoming;
use super::query::names_in;
use crate::field_path::FieldPath;
use crate::json::field_name::field_named;
use crate::problem::Violation;
use crate::route::{BodyRule, Route};

/// Names the field of each violation as it stands in the request.
pub(crate) fn names(route: &Route, incoming: &Incoming<'_>, violations: Vec<Violation>) -> Vec<Violation> {
    if violations.is_empty() {
        return violations;
    }
    let body = serde_json::from_slice(&incoming.body).unwrap_or(Json::Null);
    let name = |violation: Violation| Violation {
        field: name(route, incoming, &body, &violation.field),
        ..violation
    };
    violations.into_iter().map(name).collect()
}

fn name(route: &Route, incoming: &Incoming<'_>, body: &Json, path: &str) -> String {
    if route.variables.iter().any(|variable| variable.name() == path) {
        return path.to_owned();
    }
    let (root, rest) = split(path);
    match &route.body {
        BodyRule::Message => return spelled(&route.operation.input, body, path),
        BodyRule::Field(field) if field.name() == root => return below(field, body, rest),
        BodyRule::Field(_) | BodyRule::Ignored => {}
    }
    let (plain, index) = path.split_at(path.rfind('[').unwrap_or(path.len()));
    let is_meant = |name: &String| {
        FieldPath::resolve(&route.operation.input, name).is_ok_and(|field| field.name() == plain)
    };
    match names_in(incoming.query.unwrap_or_default()).find(is_meant) {
        Some(name) => name + index,
        // The mask was made of the keys of the body.
        None if route.mask.as_ref().is_some_and(|mask| mask.name() == root) => "body".to_owned(),
        None => path.to_owned(),
    }
}

/// The first field of a path, and what follows it: an index, or a dot and more fields.
fn split(path: &str) -> (&str, &str) {
    path.split_at(path.find(['.', '[']).unwrap_or(path.len()))
}

/// The name of something in the field that the body is.
fn below(field: &FieldDescriptor, body: &Json, rest: &str) -> String {
    match (field.kind(), rest.strip_prefix('.')) {
        (_, None) => format!("body{rest}"),
        (Kind::Message(message), Some(path)) => spelled(&message, body, path),
        (_, Some(path)) => path.to_owned(),
    }
}

/// The path with each name as it stands in the object.
fn spelled(message: &MessageDescriptor, object: &Json, path: &str) -> String {
    let (name, rest) = split(path);
    let (index, rest) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
    let Some(field) = field_named(message, name) else { return path.to_owned() };
    let member = object.as_object().and_then(|members| {
        let is_meant = |key: &str| field_named(message, key).as_ref() == Some(&field);
        members.iter().find(|(key, _)| is_meant(key))
    });
    let Some((key, value)) = member else { return path.to_owned() };
    let value = match index.strip_prefix('[').and_then(|index| index.strip_suffix(']')) {
        Some(index) => index.parse::<usize>().ok().and_then(|index| value.get(index)).unwrap_or(&Json::Null),
        None => value,
    };
    match (field.kind(), rest.strip_prefix('.')) {
        (Kind::Message(inner), Some(path)) if !field.is_map() => {
            format!("{key}{index}.{}", spelled(&inner, value, path))
        }
        _ => format!("{key}{index}{rest}"),
    }
}
