//! Properties of the mapping over a message with every kind of field.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _,
    Value,
};

use super::{DURATION_SECONDS, TIMESTAMP_SECONDS, WellKnown, decode, encode};

fn kinds() -> MessageDescriptor {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        let include = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proto");
        let mut compiler = protox::Compiler::new([include]).unwrap();
        compiler.include_imports(true).open_file("library/v1/kinds.proto").unwrap();
        compiler.descriptor_pool()
    });
    pool.get_message_by_name("library.v1.Kinds").unwrap()
}

fn to_json(message: &DynamicMessage) -> Vec<u8> {
    let mut json = Vec::new();
    encode::message(&mut json, message);
    json
}

/// A message that prints itself as JSON: the descriptor of a recursive message prints itself without end.
#[derive(Clone)]
struct Printable(DynamicMessage);

impl fmt::Debug for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&comparable(&self.0))
    }
}

fn any_message() -> impl Strategy<Value = Printable> {
    message(kinds(), 2).prop_map(Printable)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_message_survives_the_way_to_json_and_back(Printable(message) in any_message()) {
        let json = to_json(&message);
        let back = decode::message(&kinds(), &json, "").unwrap();
        prop_assert_eq!(comparable(&back), comparable(&message), "{}", String::from_utf8_lossy(&json));
    }

    #[test]
    fn another_reader_of_protobuf_json_understands_the_same(Printable(message) in any_message()) {
        let json = to_json(&message);
        let mut deserializer = serde_json::Deserializer::from_slice(&json);
        let read = DynamicMessage::deserialize(kinds(), &mut deserializer).unwrap();
        prop_assert_eq!(comparable(&read), comparable(&message), "{}", String::from_utf8_lossy(&json));
    }

    #[test]
    fn equal_messages_make_equal_json(Printable(message) in any_message()) {
        let copy = DynamicMessage::decode(kinds(), message.encode_to_vec().as_slice()).unwrap();
        prop_assert_eq!(comparable(&copy), comparable(&message));
    }

    #[test]
    fn arbitrary_text_does_not_panic(text in "\\PC{0,60}") {
        let _ = decode::message(&kinds(), text.as_bytes(), "");
        let _ = decode::message(&kinds(), format!("{{\"timestamp\": {text:?}}}").as_bytes(), "");
        let _ = decode::message(&kinds(), format!("{{\"duration\": {text:?}}}").as_bytes(), "");
    }
}

/// NaN is not equal to itself, so messages are compared by a text that shows it; maps are sorted for that.
fn comparable(message: &DynamicMessage) -> String {
    String::from_utf8(to_json(message)).unwrap()
}

/// Any message of a type, at most so many levels deep.
fn message(descriptor: MessageDescriptor, depth: u32) -> BoxedStrategy<DynamicMessage> {
    let is_leaf = |field: &FieldDescriptor| match field.kind() {
        Kind::Message(inner) => WellKnown::of(&inner).is_some_and(|form| form != WellKnown::Any),
        _ => true,
    };
    let fields: Vec<_> = descriptor.fields().filter(|field| depth > 0 || is_leaf(field)).collect();
    let most = fields.len().min(7);
    let chosen = proptest::sample::subsequence(fields, 0..=most);
    chosen
        .prop_flat_map(move |fields| {
            let values: Vec<_> = fields.iter().map(|field| field_value(field, depth)).collect();
            (Just(fields), values)
        })
        .prop_map(move |(fields, values)| {
            let mut message = DynamicMessage::new(descriptor.clone());
            for (field, value) in fields.iter().zip(values) {
                message.set_field(field, value);
            }
            message
        })
        .boxed()
}

fn field_value(field: &FieldDescriptor, depth: u32) -> BoxedStrategy<Value> {
    if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
        let key = single(&entry.map_entry_key_field().kind(), depth);
        let value = single(&entry.map_entry_value_field().kind(), depth);
        let entries = proptest::collection::vec((key, value), 0..3);
        return entries
            .prop_map(|entries| {
                let entry = |(key, value): (Value, Value)| (key.into_map_key().unwrap(), value);
                Value::Map(entries.into_iter().map(entry).collect())
            })
            .boxed();
    }
    if field.is_list() {
        return proptest::collection::vec(single(&field.kind(), depth), 0..3).prop_map(Value::List).boxed();
    }
    single(&field.kind(), depth)
}

fn single(kind: &Kind, depth: u32) -> BoxedStrategy<Value> {
    match kind {
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => any::<i32>().prop_map(Value::I32).boxed(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => any::<i64>().prop_map(Value::I64).boxed(),
        Kind::Uint32 | Kind::Fixed32 => any::<u32>().prop_map(Value::U32).boxed(),
        Kind::Uint64 | Kind::Fixed64 => any::<u64>().prop_map(Value::U64).boxed(),
        // Plus zero makes zero of minus zero, which the wire drops where a field has no presence.
        Kind::Float => proptest::num::f32::ANY.prop_map(|number| Value::F32(number + 0.0)).boxed(),
        Kind::Double => proptest::num::f64::ANY.prop_map(|number| Value::F64(number + 0.0)).boxed(),
        Kind::String => any::<String>().prop_map(Value::String).boxed(),
        Kind::Bytes => any::<Vec<u8>>().prop_map(|bytes| Value::Bytes(bytes.into())).boxed(),
        Kind::Enum(descriptor) if descriptor.name() == "NullValue" => Just(Value::EnumNumber(0)).boxed(),
        Kind::Enum(_) => prop_oneof![Just(1), Just(-2), any::<i32>()].prop_map(Value::EnumNumber).boxed(),
        Kind::Message(descriptor) => well_known(descriptor, depth).prop_map(Value::Message).boxed(),
    }
}

fn well_known(descriptor: &MessageDescriptor, depth: u32) -> BoxedStrategy<DynamicMessage> {
    let empty = DynamicMessage::new(descriptor.clone());
    match WellKnown::of(descriptor) {
        None => message(descriptor.clone(), depth.saturating_sub(1)),
        Some(WellKnown::Timestamp) => (TIMESTAMP_SECONDS, 0..1_000_000_000_i32)
            .prop_map(move |(seconds, nanos)| {
                with(&empty, [(1, Value::I64(seconds)), (2, Value::I32(nanos))])
            })
            .boxed(),
        Some(WellKnown::Duration) => (DURATION_SECONDS, 0..1_000_000_000_i32)
            .prop_map(move |(seconds, nanos)| {
                let nanos = if seconds < 0 { -nanos } else { nanos };
                with(&empty, [(1, Value::I64(seconds)), (2, Value::I32(nanos))])
            })
            .boxed(),
        Some(WellKnown::FieldMask) => proptest::collection::vec("[a-z]{1,4}(\\.[a-z]{1,3})?", 0..3)
            .prop_map(move |paths| {
                let paths = paths.into_iter().map(Value::String).collect();
                with(&empty, [(1, Value::List(paths))])
            })
            .boxed(),
        Some(WellKnown::Wrapper) => {
            let value = single(&descriptor.get_field(1).unwrap().kind(), depth);
            value.prop_map(move |value| with(&empty, [(1, value)])).boxed()
        }
        Some(WellKnown::Value | WellKnown::Struct | WellKnown::ListValue) => {
            let pool = descriptor.parent_pool().clone();
            let descriptor = descriptor.clone();
            free_json()
                .prop_map(move |json| {
                    let value = json_value(&pool, &json);
                    match WellKnown::of(&descriptor) {
                        Some(WellKnown::Value) => value,
                        Some(WellKnown::ListValue) => {
                            with(&empty, [(1, Value::List(vec![Value::Message(value)]))])
                        }
                        _ => {
                            let entries =
                                HashMap::from([(MapKey::String("key".into()), Value::Message(value))]);
                            with(&empty, [(1, Value::Map(entries))])
                        }
                    }
                })
                .boxed()
        }
        Some(WellKnown::Any) => {
            let inner = message(kinds(), 0);
            inner
                .prop_map(move |inner| {
                    let url = format!("type.googleapis.com/{}", inner.descriptor().full_name());
                    // An Any inside an Any, and a message with unordered fields, must be read again to compare.
                    let bytes = inner.encode_to_vec();
                    with(&empty, [(1, Value::String(url)), (2, Value::Bytes(bytes.into()))])
                })
                .boxed()
        }
    }
}

fn with<const N: usize>(message: &DynamicMessage, fields: [(u32, Value); N]) -> DynamicMessage {
    let mut message = message.clone();
    for (number, value) in fields {
        message.set_field_by_number(number, value);
    }
    message
}

fn free_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-1e9..1e9).prop_map(|number: f64| number.into()),
        ".{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            proptest::collection::btree_map(".{0,3}", inner, 0..3)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn json_value(pool: &DescriptorPool, json: &serde_json::Value) -> DynamicMessage {
    let descriptor = pool.get_message_by_name("google.protobuf.Value").unwrap();
    DynamicMessage::deserialize(descriptor, json.clone()).unwrap()
}
