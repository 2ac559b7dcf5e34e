//! What `buf.validate` says about a field, in the words of JSON Schema.

use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Value};
use serde_json::{Value as Json, json};

/// Where the options of fields hold their rules, if the descriptor set has `buf/validate/validate.proto`.
pub(super) struct Rules(Option<ExtensionDescriptor>);

impl Rules {
    pub(super) fn new(pool: &DescriptorPool) -> Self {
        Self(pool.get_extension_by_name("buf.validate.field"))
    }

    /// The rules of a field.
    pub(super) fn of(&self, field: &FieldDescriptor) -> Option<DynamicMessage> {
        let option = self.0.as_ref()?;
        let options = field.options();
        if !options.has_extension(option) {
            return None;
        }
        options.get_extension(option).as_message().cloned()
    }

    /// Whether the field must be given.
    pub(super) fn is_required(&self, field: &FieldDescriptor) -> bool {
        let rules = self.of(field);
        rules.and_then(|rules| rules.get_field_by_name("required")?.as_bool()).unwrap_or_default()
    }
}

/// Keywords that mean the same in both languages, by the group of rules they belong to.
const KEYWORDS: [(&str, &[(&str, &str)]); 3] = [
    ("string", &[("min_len", "minLength"), ("max_len", "maxLength"), ("pattern", "pattern"), ("in", "enum")]),
    ("repeated", &[("min_items", "minItems"), ("max_items", "maxItems"), ("unique", "uniqueItems")]),
    ("map", &[("min_pairs", "minProperties"), ("max_pairs", "maxProperties")]),
];
const FORMATS: [(&str, &str); 5] =
    [("email", "email"), ("uuid", "uuid"), ("uri", "uri"), ("hostname", "hostname"), ("ip", "ip")];
/// 64-bit numbers are strings in JSON, which have no minimum.
const NUMBERS: [&str; 7] = ["float", "double", "int32", "uint32", "sint32", "fixed32", "sfixed32"];
const BOUNDS: [(&str, &str); 4] =
    [("gte", "minimum"), ("gt", "exclusiveMinimum"), ("lte", "maximum"), ("lt", "exclusiveMaximum")];

/// Adds the rules of a field to its schema.
pub(super) fn apply(rules: &DynamicMessage, schema: &mut Json) {
    for (group, keywords) in KEYWORDS {
        let Some(group) = part(rules, group) else { continue };
        for (rule, keyword) in keywords {
            insert(&group, rule, keyword, schema);
        }
        if let Some(items) = part(&group, "items") {
            apply(&items, &mut schema["items"]);
        }
        for (rule, format) in FORMATS {
            if set(&group, rule).as_ref().and_then(Value::as_bool) == Some(true) {
                schema["format"] = json!(format);
            }
        }
    }
    for group in NUMBERS.iter().filter_map(|group| part(rules, group)) {
        for (rule, keyword) in BOUNDS {
            insert(&group, rule, keyword, schema);
        }
    }
}

fn insert(group: &DynamicMessage, rule: &str, keyword: &str, schema: &mut Json) {
    if let Some(value) = set(group, rule).as_ref().and_then(json_value) {
        schema[keyword] = value;
    }
}

fn part(rules: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    match set(rules, name)? {
        Value::Message(part) => Some(part),
        _ => None,
    }
}

/// The value of a field, if the message has such a field and it is set.
fn set(message: &DynamicMessage, name: &str) -> Option<Value> {
    message
        .has_field_by_name(name)
        .then(|| message.get_field_by_name(name).map(std::borrow::Cow::into_owned))?
}

fn json_value(value: &Value) -> Option<Json> {
    match value {
        Value::Bool(value) => Some(json!(value)),
        Value::I32(value) => Some(json!(value)),
        Value::I64(value) => Some(json!(value)),
        Value::U32(value) => Some(json!(value)),
        Value::U64(value) => Some(json!(value)),
        Value::F32(value) => Some(json!(value)),
        Value::F64(value) => Some(json!(value)),
        Value::String(value) => Some(json!(value)),
        Value::List(values) => values.iter().map(json_value).collect::<Option<Vec<_>>>().map(Json::Array),
        _ => None,
    }
}
