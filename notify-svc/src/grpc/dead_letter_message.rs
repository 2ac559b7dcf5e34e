//! Dead letters as protobuf messages.

use fitness_proto::fitness::notify::v1 as proto;
use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};

use super::timestamp;
use crate::dead_letters::ReadableLetter;

/// The longest event in a list: a page of them fits into an answer.
const IN_A_LIST: usize = 16 * 1024;
/// The longest event in an answer of its own.
const ALONE: usize = 2 * 1024 * 1024;

/// The message of a dead letter in a list; without its event if that is long.
pub(super) fn listed(readable: ReadableLetter) -> proto::DeadLetter {
    message(readable, IN_A_LIST)
}

/// The message of a dead letter; without its event if that is too long for any answer.
pub(super) fn from(readable: ReadableLetter) -> proto::DeadLetter {
    message(readable, ALONE)
}

fn message(readable: ReadableLetter, max_event: usize) -> proto::DeadLetter {
    let ReadableLetter { letter, event, key } = readable;
    proto::DeadLetter {
        dead_letter_id: letter.dead_letter_id.to_string(),
        consumer_group: letter.consumer_group,
        topic: letter.origin_topic,
        partition: letter.origin_partition,
        offset: letter.origin_offset,
        reason: letter.reason,
        message: letter.message,
        attempts: letter.attempts,
        event_id: letter.event_id.map(|id| id.to_string()).unwrap_or_default(),
        event_type: letter.event_type.unwrap_or_default(),
        key,
        size_bytes: letter.size_bytes,
        event: event.and_then(object).filter(|event| event.encoded_len() <= max_event),
        record_time: letter.record_time.map(timestamp),
        arrive_time: Some(timestamp(letter.arrive_time)),
        replay_time: letter.replay_time.map(timestamp),
        replays: letter.replays,
    }
}

fn object(value: serde_json::Value) -> Option<Struct> {
    let serde_json::Value::Object(fields) = value else { return None };
    Some(Struct { fields: fields.into_iter().map(|(name, value)| (name, json(value))).collect() })
}

fn json(value: serde_json::Value) -> Value {
    let kind = match value {
        serde_json::Value::Null => Kind::NullValue(0),
        serde_json::Value::Bool(value) => Kind::BoolValue(value),
        // The JSON mapping writes 64-bit integers as text, so every number here fits a double.
        serde_json::Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => Kind::StringValue(text),
        serde_json::Value::Array(items) => {
            Kind::ListValue(ListValue { values: items.into_iter().map(json).collect() })
        }
        object_value @ serde_json::Value::Object(_) => {
            Kind::StructValue(object(object_value).unwrap_or_default())
        }
    };
    Value { kind: Some(kind) }
}
