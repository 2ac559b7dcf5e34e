//! Dynamic messages to JSON.
//!
//! There is always a form: one value that JSON has no room for, such as a time after year 9999, must not cost the
//! client all others of the answer. It is written as the nearest one that has a form.

use std::io::Write as _;
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};
use serde::Serialize;

use super::{DURATION_SECONDS, TIMESTAMP_SECONDS, WellKnown, any};

const MAX_NANOS: i32 = 999_999_999;

/// Writes a message. Fields without presence are written even when they have their default value.
pub(crate) fn message(out: &mut Vec<u8>, message: &DynamicMessage) {
    let descriptor = message.descriptor();
    let Some(well_known) = WellKnown::of(&descriptor) else {
        out.push(b'{');
        let start = out.len();
        fields(out, message, start);
        out.push(b'}');
        return;
    };
    match well_known {
        WellKnown::Wrapper | WellKnown::Struct | WellKnown::ListValue => {
            let inner = descriptor.get_field(1).expect("these have one field");
            field(out, &inner, &message.get_field(&inner));
        }
        WellKnown::Timestamp => timestamp(out, message),
        WellKnown::Duration => duration(out, message),
        WellKnown::FieldMask => {
            let paths = message.get_field_by_number(1);
            let paths = paths.as_deref().and_then(Value::as_list).unwrap_or_default();
            let paths: Vec<_> = paths.iter().filter_map(Value::as_str).collect();
            text(out, &paths.join(","));
        }
        WellKnown::Value => match message.fields().next() {
            // JSON has no such number, and a `Value` no other way to write it.
            Some((_, Value::F64(number))) if !number.is_finite() => out.extend_from_slice(b"null"),
            Some((inner, content)) => field(out, &inner, content),
            None => out.extend_from_slice(b"null"),
        },
        WellKnown::Any => any_message(out, message),
    }
}

/// Writes the value of a field, be it a list, a map or single.
pub(crate) fn field(out: &mut Vec<u8>, field: &FieldDescriptor, content: &Value) {
    value(out, &field.kind(), content);
}

/// Writes the members of an object; `start` is where the first one stands, which takes no comma.
fn fields(out: &mut Vec<u8>, message: &DynamicMessage, start: usize) {
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
        field(out, &descriptor, &message.get_field(&descriptor));
    }
}

fn value(out: &mut Vec<u8>, kind: &Kind, content: &Value) {
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
        Value::Message(value) => message(out, value),
        Value::List(values) => list(out, kind, values),
        Value::Map(entries) => map(out, kind, entries),
    }
}

fn list(out: &mut Vec<u8>, kind: &Kind, values: &[Value]) {
    out.push(b'[');
    for (index, element) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        value(out, kind, element);
    }
    out.push(b']');
}

/// Entries are sorted, so that equal messages make equal documents (and equal entity tags).
fn map(out: &mut Vec<u8>, kind: &Kind, entries: &std::collections::HashMap<MapKey, Value>) {
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
        value(out, &value_kind, content);
    }
    out.push(b'}');
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

fn timestamp(out: &mut Vec<u8>, message: &DynamicMessage) {
    let (seconds, nanos) = clamped(seconds_and_nanos(message), &TIMESTAMP_SECONDS, 0..=MAX_NANOS);
    write!(out, "\"{}\"", prost_types::Timestamp { seconds, nanos }).expect("a Vec takes everything");
}

fn duration(out: &mut Vec<u8>, message: &DynamicMessage) {
    let (seconds, nanos) = seconds_and_nanos(message);
    // The nanoseconds have the sign of the seconds.
    let range = match seconds {
        0 => -MAX_NANOS..=MAX_NANOS,
        ..0 => -MAX_NANOS..=0,
        1.. => 0..=MAX_NANOS,
    };
    let (seconds, nanos) = clamped((seconds, nanos), &DURATION_SECONDS, range);
    write!(out, "\"{}\"", prost_types::Duration { seconds, nanos }).expect("a Vec takes everything");
}

/// The nearest seconds and nanoseconds in their ranges.
fn clamped(
    (seconds, nanos): (i64, i32),
    range: &RangeInclusive<i64>,
    nano_range: RangeInclusive<i32>,
) -> (i64, i32) {
    let nanos = nanos.clamp(*nano_range.start(), *nano_range.end());
    match seconds {
        seconds if seconds < *range.start() => (*range.start(), *nano_range.start()),
        seconds if seconds > *range.end() => (*range.end(), *nano_range.end()),
        seconds => (seconds, nanos),
    }
}

fn any_message(out: &mut Vec<u8>, any: &DynamicMessage) {
    let type_url = any.get_field_by_number(1);
    let type_url = type_url.as_deref().and_then(Value::as_str).unwrap_or_default();
    if type_url.is_empty() {
        out.extend_from_slice(b"{}");
        return;
    }
    out.extend_from_slice(b"{\"@type\":");
    text(out, type_url);
    let bytes = any.get_field_by_number(2);
    let bytes = bytes.as_deref().and_then(Value::as_bytes).cloned().unwrap_or_default();
    match inside(any, type_url, bytes.clone()) {
        Some(inner) if any::has_own_form(&inner.descriptor()) => {
            out.extend_from_slice(b",\"value\":");
            message(out, &inner);
        }
        // Start 0: `@type` stands there already, so each field takes a comma.
        Some(inner) => fields(out, &inner, 0),
        // The type is not in the descriptor set, or the bytes are not of that type.
        None => {
            out.extend_from_slice(b",\"value\":");
            text(out, &BASE64_STANDARD.encode(bytes));
        }
    }
    out.push(b'}');
}

/// The message that an `Any` holds, if it can be read.
fn inside(any: &DynamicMessage, type_url: &str, bytes: Bytes) -> Option<DynamicMessage> {
    let name = any::message_name(type_url)?;
    let inner = any.descriptor().parent_pool().get_message_by_name(name)?;
    DynamicMessage::decode(inner, bytes).ok()
}
