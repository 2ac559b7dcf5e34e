//! JSON Schemas of messages, enums and fields, as the protobuf JSON mapping writes them.

use std::collections::BTreeMap;

use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};
use serde_json::{Map, Value, json};

use super::comments::Comments;
use super::problem;
use super::rules::{self, Rules};
use crate::json::WellKnown;
use crate::json::scalar::enum_values;

/// Collects the schemas that the document refers to.
pub(super) struct Schemas<'a> {
    comments: &'a Comments,
    rules: Rules,
    components: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(pool: &DescriptorPool, comments: &'a Comments) -> Self {
        let components = BTreeMap::from([(problem::SCHEMA.to_owned(), problem::schema())]);
        Self { comments, rules: Rules::new(pool), components }
    }

    /// All schemas, sorted by name.
    pub(super) fn into_components(self) -> BTreeMap<String, Value> {
        self.components
    }

    /// The comments that schemas are described with.
    pub(super) fn comments(&self) -> &'a Comments {
        self.comments
    }

    /// Whether a rule says that the field must be given.
    pub(super) fn is_required(&self, field: &FieldDescriptor) -> bool {
        self.rules.is_required(field)
    }

    /// The schema of a message: a reference, except for what has a JSON form of its own.
    pub(super) fn message(&mut self, message: &MessageDescriptor) -> Value {
        if let Some(schema) = self.well_known(message) {
            return schema;
        }
        let name = message.full_name();
        if !self.components.contains_key(name) {
            // Entered before its fields are, so that a recursive message finds itself.
            self.components.insert(name.to_owned(), Value::Null);
            let schema = self.object(message, &|_| true);
            self.components.insert(name.to_owned(), schema);
        }
        reference(name)
    }

    /// The schema of a message with some of its fields only, in place.
    pub(super) fn object(
        &mut self,
        message: &MessageDescriptor,
        include: &dyn Fn(&FieldDescriptor) -> bool,
    ) -> Value {
        let comment = self.comments.of(&message.parent_file(), message.path()).unwrap_or_default();
        let mut paragraphs = vec![comment.to_owned()];
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let names: Vec<_> = oneof.fields().map(|field| format!("`{}`", field.name())).collect();
            paragraphs.push(format!("At most one of {} is set.", names.join(", ")));
        }
        // In the order of the .proto file, which is the order its author wants them read.
        let mut fields: Vec<_> = message.fields().filter(include).collect();
        fields.sort_by(|left, right| left.path().cmp(right.path()));
        let mut properties = Map::new();
        for field in &fields {
            properties.insert(field.name().to_owned(), self.field(field));
        }
        let required = fields.iter().filter(|field| self.rules.is_required(field));
        let required: Vec<_> = required.map(|field| field.name().to_owned()).collect();
        let mut schema = json!({ "type": "object" });
        describe(&mut schema, paragraphs.join("\n\n").trim());
        schema["properties"] = Value::Object(properties);
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    /// The schema of a field, with its comment and its rules.
    pub(super) fn field(&mut self, field: &FieldDescriptor) -> Value {
        let mut schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let values = self.kind(&entry.map_entry_value_field().kind());
                json!({ "type": "object", "additionalProperties": values })
            }
            kind if field.is_list() => json!({ "type": "array", "items": self.kind(&kind) }),
            kind => self.kind(&kind),
        };
        if let Some(rules) = self.rules.of(field) {
            rules::apply(&rules, &mut schema);
        }
        let comment = self.comments.of(&field.parent_message().parent_file(), field.path());
        describe(&mut schema, comment.unwrap_or_default());
        if is_deprecated(&field.options()) {
            schema["deprecated"] = json!(true);
        }
        schema
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({ "type": "integer", "format": "int32" }),
            Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "format": "uint32", "minimum": 0 }),
            // JSON numbers lose precision beyond 53 bits; the mapping writes strings.
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({ "type": "string", "format": "int64" }),
            Kind::Uint64 | Kind::Fixed64 => json!({ "type": "string", "format": "uint64" }),
            Kind::Float => json!({ "type": "number", "format": "float" }),
            Kind::Double => json!({ "type": "number", "format": "double" }),
            Kind::String => json!({ "type": "string" }),
            Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Kind::Enum(descriptor) => self.enumeration(descriptor),
            Kind::Message(descriptor) => self.message(descriptor),
        }
    }

    fn enumeration(&mut self, descriptor: &EnumDescriptor) -> Value {
        let name = descriptor.full_name();
        if name == "google.protobuf.NullValue" {
            return json!({ "type": "null" });
        }
        if !self.components.contains_key(name) {
            let file = descriptor.parent_file();
            let comment = self.comments.of(&file, descriptor.path()).unwrap_or_default();
            let mut names = Vec::new();
            let mut meanings = Vec::new();
            for value in enum_values(descriptor) {
                if let Some(comment) = self.comments.of(&file, value.path()) {
                    meanings.push(format!("- `{}`: {}", value.name(), comment.replace('\n', " ")));
                }
                names.push(value.name().to_owned());
            }
            let mut schema = json!({ "type": "string", "enum": names });
            describe(&mut schema, [comment, &meanings.join("\n")].join("\n\n").trim());
            self.components.insert(name.to_owned(), schema);
        }
        reference(name)
    }

    fn well_known(&mut self, message: &MessageDescriptor) -> Option<Value> {
        Some(match WellKnown::of(message)? {
            WellKnown::Timestamp => json!({ "type": "string", "format": "date-time" }),
            WellKnown::Duration => json!({ "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$" }),
            WellKnown::FieldMask => json!({ "type": "string" }),
            WellKnown::Struct => json!({ "type": "object", "additionalProperties": true }),
            WellKnown::ListValue => json!({ "type": "array", "items": {} }),
            WellKnown::Value => json!({}),
            WellKnown::Any => json!({
                "type": "object",
                "properties": { "@type": { "type": "string" } },
                "additionalProperties": true,
            }),
            WellKnown::Wrapper => {
                let inner = message.get_field(1).expect("wrappers have a value");
                let mut schema = self.kind(&inner.kind());
                schema["type"] = json!([schema["type"], "null"]);
                schema
            }
        })
    }
}

/// Whether the options of a field or a method say that it should not be used any more.
pub(super) fn is_deprecated(options: &DynamicMessage) -> bool {
    options.get_field_by_name("deprecated").and_then(|value| value.as_bool()).unwrap_or_default()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn describe(schema: &mut Value, description: &str) {
    if !description.is_empty() {
        schema["description"] = json!(description);
    }
}
