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
}

/// Keywords that mean the same in both languages, by the group of rules they belong to.
const KEYWORDS: [(&str, &[(&str, &str)]); 3] = [
    ("string", &[("min_len", "minLength"), ("max_len", "maxLength"), ("pattern", "pattern"), ("in", "enum")]),
    ("repeated", &[("min_items", "minItems"), ("max_items", "maxItems"), ("unique", "uniqueItems")]),
    ("map", &[("min_pairs", "minProperties"), ("max_pairs", "maxProperties")]),
];
const FORMATS: [(&str, &str); 5] =
    [("email", "email"), ("uuid", "uuid"), ("uri", "uri"), ("hostname", "hostname"), ("ip", "ip")];
/// What a text has to match that is a UUID or empty; a format has no room for the empty one.
const UUID_OR_EMPTY: &str = "^$|^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
/// The pattern of a day, which JSON Schema knows as a format.
const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
/// 64-bit numbers are strings in JSON, which have no minimum.
const NUMBERS: [&str; 7] = ["float", "double", "int32", "uint32", "sint32", "fixed32", "sfixed32"];
const BOUNDS: [(&str, &str); 4] =
    [("gte", "minimum"), ("gt", "exclusiveMinimum"), ("lte", "maximum"), ("lt", "exclusiveMaximum")];

const IGNORE_IF_ZERO_VALUE: i32 = 1;
const IGNORE_ALWAYS: i32 = 3;

/// The format that a rule asks for.
pub(super) fn format(rule: &str) -> Option<&'static str> {
    FORMATS.iter().find(|(name, _)| *name == rule).map(|(_, format)| *format)
}

/// A rule that is either set or not.
pub(super) fn flag(rules: &DynamicMessage, name: &str) -> bool {
    set(rules, name).as_ref().and_then(Value::as_bool).unwrap_or_default()
}

/// Whether the rules leave the default value alone.
pub(super) fn ignores_zero(rules: &DynamicMessage) -> bool {
    matches!(ignore(rules), IGNORE_IF_ZERO_VALUE | IGNORE_ALWAYS)
}

fn ignore(rules: &DynamicMessage) -> i32 {
    set(rules, "ignore").as_ref().and_then(Value::as_enum_number).unwrap_or_default()
}

/// Adds the rules of a field to its schema; `may_be_empty` lets through what they ignore where nothing is said.
pub(super) fn apply(rules: &DynamicMessage, schema: &mut Json, may_be_empty: bool) {
    if ignore(rules) == IGNORE_ALWAYS {
        return;
    }
    for (group, keywords) in KEYWORDS {
        let Some(group) = part(rules, group) else { continue };
        for (rule, keyword) in keywords {
            insert(&group, rule, keyword, schema);
        }
        // No list is told from an empty one, so what has to be there has an item.
        if schema["type"] == "array" && flag(rules, "required") && schema.get("minItems").is_none() {
            schema["minItems"] = json!(1);
        }
        if let Some(items) = part(&group, "items") {
            apply(&items, &mut schema["items"], may_be_empty);
        }
        for (rule, format) in FORMATS {
            if flag(&group, rule) {
                schema["format"] = json!(format);
            }
        }
    }
    for group in NUMBERS.iter().filter_map(|group| part(rules, group)) {
        for (rule, keyword) in BOUNDS {
            insert(&group, rule, keyword, schema);
        }
    }
    if may_be_empty && ignores_zero(rules) {
        allow_empty(schema);
    } else if schema["pattern"] == DATE {
        schema["format"] = json!("date");
        remove(schema, "pattern");
    }
}

/// Lets the empty text through where the rules ignore it.
fn allow_empty(schema: &mut Json) {
    if schema["format"] == "uuid" {
        remove(schema, "format");
        schema["pattern"] = json!(UUID_OR_EMPTY);
    } else if let Some(pattern) = schema["pattern"].as_str() {
        schema["pattern"] = json!(format!("^$|{pattern}"));
    }
    remove(schema, "minLength");
}

fn remove(schema: &mut Json, keyword: &str) {
    schema.as_object_mut().expect("a schema is an object").shift_remove(keyword);
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
