//! Dynamic messages to JSON.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};
use serde::Serialize;

use super::{DURATION_SECONDS, TIMESTAMP_SECONDS, WellKnown, any};

/// A message that has no JSON form; the fault is the backend's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncodeError {
    /// Before year 1 or after year 9999.
    #[error("a Timestamp is out of range")]
    Timestamp,
    /// More than 10,000 years, or nanoseconds that are too many or of the other sign.
    #[error("a Duration is out of range")]
    Duration,
    /// JSON has no such number, and a `Value` no other way to write it.
    #[error("a Value holds a number that is not finite")]
    Number,
    /// The type is not in the descriptor set, or the bytes are not of that type.
    #[error("an Any cannot be read")]
    Any,
}

type Result = std::result::Result<(), EncodeError>;

/// Writes a message. Fields without presence are written even when they have their default value.
pub(crate) fn message(out: &mut Vec<u8>, message: &DynamicMessage) -> Result {
    let descriptor = message.descriptor();
    let Some(well_known) = WellKnown::of(&descriptor) else {
        out.push(b'{');
        let start = out.len();
        fields(out, message, start)?;
        out.push(b'}');
        return Ok(());
    };
    match well_known {
        WellKnown::Wrapper | WellKnown::Struct | WellKnown::ListValue => {
            let inner = descriptor.get_field(1).expect("these have one field");
            field(out, &inner, &message.get_field(&inner))
        }
        WellKnown::Timestamp => timestamp(out, message),
        WellKnown::Duration => duration(out, message),
        WellKnown::FieldMask => {
            let paths = message.get_field_by_number(1);
            let paths = paths.as_deref().and_then(Value::as_list).unwrap_or_default();
            let paths: Vec<_> = paths.iter().filter_map(Value::as_str).collect();
            text(out, &paths.join(","));
            Ok(())
        }
        WellKnown::Value => match message.fields().next() {
            Some((_, Value::F64(number))) if !number.is_finite() => Err(EncodeError::Number),
            Some((inner, content)) => field(out, &inner, content),
            None => {
                out.extend_from_slice(b"null");
                Ok(())
            }
        },
        WellKnown::Any => any_message(out, message),
    }
}

/// Writes the value of a field, be it a list, a map or single.
pub(crate) fn field(out: &mut Vec<u8>, field: &FieldDescriptor, content: &Value) -> Result {
    value(out, &field.kind(), content)
}

/// Writes the members of an object; `start` is where the first one stands, which takes no comma.
fn fields(out: &mut Vec<u8>, message: &DynamicMessage, start: usize) -> Result {
    for descriptor in message.descriptor().fields() {
        if descriptor.supports_presence() && !message.has_field(&descriptor) {
            continue;
        }
        if out.len() > start {
            out.push(b',');
        }
        // Names of fields are identifiers: there is nothing to escape.
        out.push(b'"');
        out.extend_from_slice(descriptor.name().as_bytes());
        out.extend_from_slice(b"\":");
        field(out, &descriptor, &message.get_field(&descriptor))?;
    }
    Ok(())
}

fn value(out: &mut Vec<u8>, kind: &Kind, content: &Value) -> Result {
    match content {
        Value::Bool(value) => plain(out, value),
        Value::I32(value) => plain(out, value),
        Value::U32(value) => plain(out, value),
        Value::I64(value) => write!(out, "\"{value}\"").expect("a Vec takes everything"),
        Value::U64(value) => write!(out, "\"{value}\"").expect("a Vec takes everything"),
        Value::F32(value) if value.is_finite() => plain(out, value),
        Value::F64(value) if value.is_finite() => plain(out, value),
        Value::F32(value) => not_finite(out, f64::from(*value)),
        Value::F64(value) => not_finite(out, *value),
        Value::String(value) => text(out, value),
        Value::Bytes(value) => text(out, &BASE64_STANDARD.encode(value)),
        Value::EnumNumber(number) => enumeration(out, kind, *number),
        Value::Message(value) => message(out, value)?,
        Value::List(values) => list(out, kind, values)?,
        Value::Map(entries) => map(out, kind, entries)?,
    }
    Ok(())
}

fn list(out: &mut Vec<u8>, kind: &Kind, values: &[Value]) -> Result {
    out.push(b'[');
    for (index, element) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        value(out, kind, element)?;
    }
    out.push(b']');
    Ok(())
}

/// Entries are sorted, so that equal messages make equal documents (and equal entity tags).
fn map(out: &mut Vec<u8>, kind: &Kind, entries: &std::collections::HashMap<MapKey, Value>) -> Result {
    let Kind::Message(entry) = kind else { unreachable!("the kind of a map is its entry") };
    let value_kind = entry.map_entry_value_field().kind();
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    out.push(b'{');
    for (index, (key, content)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match key {
            MapKey::String(key) => text(out, key),
            MapKey::Bool(key) => text(out, &key.to_string()),
            MapKey::I32(key) => text(out, &key.to_string()),
            MapKey::I64(key) => text(out, &key.to_string()),
            MapKey::U32(key) => text(out, &key.to_string()),
            MapKey::U64(key) => text(out, &key.to_string()),
        }
        out.push(b':');
        value(out, &value_kind, content)?;
    }
    out.push(b'}');
    Ok(())
}

fn plain(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("a Vec takes everything, and a plain value has no keys");
}

fn text(out: &mut Vec<u8>, value: &str) {
    plain(out, &value);
}

fn not_finite(out: &mut Vec<u8>, value: f64) {
    let name = match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "Infinity",
        _ => "-Infinity",
    };
    text(out, name);
}

fn enumeration(out: &mut Vec<u8>, kind: &Kind, number: i32) {
    let Kind::Enum(descriptor) = kind else { unreachable!("an enum number belongs to an enum") };
    if descriptor.full_name() == "google.protobuf.NullValue" {
        out.extend_from_slice(b"null");
        return;
    }
    match descriptor.get_value(number) {
        Some(value) => text(out, value.name()),
        // A newer backend knows a value that this descriptor set does not.
        None => plain(out, &number),
    }
}

fn seconds_and_nanos(message: &DynamicMessage) -> (i64, i32) {
    let seconds = message.get_field_by_number(1).and_then(|value| value.as_i64());
    let nanos = message.get_field_by_number(2).and_then(|value| value.as_i32());
    (seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

fn timestamp(out: &mut Vec<u8>, message: &DynamicMessage) -> Result {
    let (seconds, nanos) = seconds_and_nanos(message);
    if !TIMESTAMP_SECONDS.contains(&seconds) || !(0..=999_999_999).contains(&nanos) {
        return Err(EncodeError::Timestamp);
    }
    write!(out, "\"{}\"", prost_types::Timestamp { seconds, nanos }).expect("a Vec takes everything");
    Ok(())
}

fn duration(out: &mut Vec<u8>, message: &DynamicMessage) -> Result {
    let (seconds, nanos) = seconds_and_nanos(message);
    let signs_differ = (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0);
    if !DURATION_SECONDS.contains(&seconds) || nanos.unsigned_abs() > 999_999_999 || signs_differ {
        return Err(EncodeError::Duration);
    }
    write!(out, "\"{}\"", prost_types::Duration { seconds, nanos }).expect("a Vec takes everything");
    Ok(())
}

fn any_message(out: &mut Vec<u8>, any: &DynamicMessage) -> Result {
    let type_url = any.get_field_by_number(1);
    let type_url = type_url.as_deref().and_then(Value::as_str).unwrap_or_default();
    if type_url.is_empty() {
        out.extend_from_slice(b"{}");
        return Ok(());
    }
    let descriptor = any.descriptor();
    let name = any::message_name(type_url).ok_or(EncodeError::Any)?;
    let inner = descriptor.parent_pool().get_message_by_name(name).ok_or(EncodeError::Any)?;
    let bytes = any.get_field_by_number(2);
    let bytes = bytes.as_deref().and_then(Value::as_bytes).cloned().unwrap_or_default();
    let inner = DynamicMessage::decode(inner, bytes).map_err(|_| EncodeError::Any)?;
    out.extend_from_slice(b"{\"@type\":");
    text(out, type_url);
    if any::has_own_form(&inner.descriptor()) {
        out.extend_from_slice(b",\"value\":");
        message(out, &inner)?;
    } else {
        // Start 0: `@type` stands there already, so each field takes a comma.
        fields(out, &inner, 0)?;
    }
    out.push(b'}');
    Ok(())
}
