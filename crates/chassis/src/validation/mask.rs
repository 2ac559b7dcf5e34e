//! What a field mask asks for: a field that it names and the message lacks is to be cleared.
//!
//! Only what the contract calls nullable can be. Anything else would become false, zero or empty, which nobody asked
//! for. The transcoder keeps the same rule for `null` in the body of a PATCH.

use prost_reflect::ReflectMessage as _;
use prost_reflect::{DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::rules::join;
use crate::errors::Violation;

const MASK: &str = "google.protobuf.FieldMask";

/// Adds a violation for each field that the mask of an update would clear and that must not be.
pub(super) fn check(
    request: &DynamicMessage,
    nullable: Option<&ExtensionDescriptor>,
    violations: &mut Vec<Violation>,
) {
    let (Some(paths), Some(resource)) = (paths(request), resource(request)) else { return };
    let value = request.get_field(&resource);
    let Value::Message(new) = value.as_ref() else { return };
    let is_nullable = |field: &FieldDescriptor| {
        nullable.is_some_and(|option| field.options().get_extension(option).as_bool().unwrap_or_default())
    };
    for path in paths {
        if let Some(field) = absent(new, &path)
            && !is_nullable(&field)
        {
            violations.push(Violation::new(join(resource.name(), &path), "must not be null"));
        }
    }
}

/// The paths of the request's mask, `*` spelled out.
fn paths(request: &DynamicMessage) -> Option<Vec<String>> {
    let mask = request.descriptor().fields().find(|field| is_message(field, MASK))?;
    let mask = request.get_field(&mask);
    let paths = mask.as_message()?.get_field_by_name("paths")?.into_owned();
    let Value::List(paths) = paths else { return None };
    let paths: Vec<_> = paths.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect();
    if !paths.iter().any(|path| path == "*") {
        return Some(paths);
    }
    let resource = resource(request)?.kind();
    Some(resource.as_message()?.fields().map(|field| field.name().to_owned()).collect())
}

/// The one message beside the mask.
fn resource(request: &DynamicMessage) -> Option<FieldDescriptor> {
    request.descriptor().fields().find(|field| {
        !field.is_list() && matches!(field.kind(), Kind::Message(message) if message.full_name() != MASK)
    })
}

/// The field at the end of the path, if it can be absent and is.
fn absent(message: &DynamicMessage, path: &str) -> Option<FieldDescriptor> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let field = message.descriptor().get_field_by_name(name)?;
    match rest {
        None => (field.supports_presence() && !message.has_field(&field)).then_some(field),
        Some(rest) => absent(message.get_field(&field).as_message()?, rest),
    }
}

fn is_message(field: &FieldDescriptor, name: &str) -> bool {
    field.kind().as_message().map(MessageDescriptor::full_name) == Some(name)
}
