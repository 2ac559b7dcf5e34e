//! JSON Schemas of messages, enums and fields, as the protobuf JSON mapping writes them.

use std::collections::BTreeMap;

use prost_reflect::{
    DynamicMessage, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    OneofDescriptor,
};
use serde_json::{Map, Value, json};

use super::comments::Comments;
use super::direction::{Direction, Uses};
use super::responses;
use super::rules::{self, Rules};
use crate::annotations::Nullability;
use crate::json::WellKnown;
use crate::json::scalar::enum_values;
use crate::route::Route;
use crate::transcoder::Shared;

/// Collects the schemas that the document refers to.
pub(super) struct Schemas<'a> {
    comments: &'a Comments,
    rules: Rules,
    uses: Uses,
    nullability: Option<Nullability>,
    components: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(shared: &Shared, comments: &'a Comments) -> Self {
        let routes = || shared.routes.iter().map(AsRef::as_ref);
        Self {
            comments,
            rules: Rules::new(&shared.pool),
            uses: Uses::of(routes()),
            // All routes have the same.
            nullability: routes().next().map(|route: &Route| route.nullability.clone()),
            components: BTreeMap::from([(responses::SCHEMA.to_owned(), responses::schema())]),
        }
    }

    /// All schemas, sorted by name.
    pub(super) fn into_components(self) -> BTreeMap<String, Value> {
        self.components
    }

    /// The comments that schemas are described with.
    pub(super) fn comments(&self) -> &'a Comments {
        self.comments
    }

    /// Whether a request has to have the field.
    pub(super) fn is_needed(&self, field: &FieldDescriptor) -> bool {
        self.rules.is_required(field, Direction::Request)
    }

    /// The schema of a message: a reference, except for what has a JSON form of its own.
    pub(super) fn message(&mut self, message: &MessageDescriptor, direction: Direction) -> Value {
        if let Some(schema) = self.well_known(message, direction) {
            return schema;
        }
        let name = self.uses.name(message.full_name(), direction);
        if !self.components.contains_key(&name) {
            // Entered before its fields are, so that a recursive message finds itself.
            self.components.insert(name.clone(), Value::Null);
            let schema = self.object(message, direction, &|_| true);
            self.components.insert(name.clone(), schema);
        }
        reference(&name)
    }

    /// The schema of a message with some of its fields only, in place.
    pub(super) fn object(
        &mut self,
        message: &MessageDescriptor,
        direction: Direction,
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
        let mut required = Vec::new();
        for field in &fields {
            let mut schema = self.field(field, direction);
            let is_required = self.rules.is_required(field, direction);
            if !is_required && self.accepts_null(field, direction) {
                allow_null(&mut schema);
            }
            properties.insert(field.name().to_owned(), schema);
            if is_required {
                required.push(field.name());
            }
        }
        let mut schema = json!({ "type": "object" });
        describe(&mut schema, paragraphs.join("\n\n").trim());
        schema["properties"] = Value::Object(properties);
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if direction != Direction::Answer {
            schema["additionalProperties"] = json!(false);
            let pairs: Vec<_> = message.oneofs().flat_map(|oneof| rivals(&oneof)).collect();
            match pairs.as_slice() {
                [] => {}
                [pair] => schema["not"] = pair.clone(),
                pairs => schema["not"] = json!({ "anyOf": pairs }),
            }
        }
        schema
    }

    /// Whether null may be sent: to clear the field in a PATCH, elsewhere instead of leaving it out.
    fn accepts_null(&self, field: &FieldDescriptor, direction: Direction) -> bool {
        match direction {
            Direction::Request => true,
            Direction::Patch => {
                self.nullability.as_ref().is_some_and(|nullability| nullability.allows(field))
            }
            Direction::Answer => false,
        }
    }

    /// The schema of a field, with its comment and its rules.
    pub(super) fn field(&mut self, field: &FieldDescriptor, direction: Direction) -> Value {
        let inside = direction.inside(field);
        let mut schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let values = self.kind(&entry.map_entry_value_field().kind(), inside);
                json!({ "type": "object", "additionalProperties": values })
            }
            kind if field.is_list() => json!({ "type": "array", "items": self.kind(&kind, inside) }),
            kind => self.kind(&kind, inside),
        };
        if let Some(rules) = self.rules.of(field) {
            // What a PATCH names is a value that was sent, be it empty; elsewhere empty is the same as absent.
            rules::apply(&rules, &mut schema, direction != Direction::Patch);
        }
        let comment = self.comments.of(&field.parent_message().parent_file(), field.path());
        describe(&mut schema, comment.unwrap_or_default());
        if is_deprecated(&field.options()) {
            schema["deprecated"] = json!(true);
        }
        schema
    }

    fn kind(&mut self, kind: &Kind, direction: Direction) -> Value {
        match kind {
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                let mut schema = json!({ "type": "integer", "format": "int32" });
                bound(&mut schema, direction, i32::MIN.into(), i32::MAX.into());
                schema
            }
            Kind::Uint32 | Kind::Fixed32 => {
                let mut schema = json!({ "type": "integer", "format": "uint32", "minimum": 0 });
                bound(&mut schema, direction, 0, u32::MAX.into());
                schema
            }
            // JSON numbers lose precision beyond 53 bits; the mapping writes strings.
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({ "type": "string", "format": "int64" }),
            Kind::Uint64 | Kind::Fixed64 => json!({ "type": "string", "format": "uint64" }),
            Kind::Float => json!({ "type": "number", "format": "float" }),
            Kind::Double => json!({ "type": "number", "format": "double" }),
            Kind::String => json!({ "type": "string" }),
            Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Kind::Enum(descriptor) => self.enumeration(descriptor, direction),
            Kind::Message(descriptor) => self.message(descriptor, direction),
        }
    }

    fn enumeration(&mut self, descriptor: &EnumDescriptor, direction: Direction) -> Value {
        if descriptor.full_name() == "google.protobuf.NullValue" {
            return json!({ "type": "null" });
        }
        let values = enum_values(descriptor).into_iter();
        let values: Vec<_> =
            values.filter(|value| direction == Direction::Answer || !is_unspecified(value)).collect();
        let names: Vec<_> = values.iter().map(EnumValueDescriptor::name).collect();
        let mut schema = json!({ "type": "string", "enum": names });
        let name = descriptor.full_name();
        // Two enums with the same values are too many for languages in which values are names of the package.
        if direction != Direction::Answer && self.uses.is_answered(name) {
            return schema;
        }
        if !self.components.contains_key(name) {
            let file = descriptor.parent_file();
            let comment = self.comments.of(&file, descriptor.path()).unwrap_or_default();
            let meanings = values.iter().filter_map(|value| {
                let comment = self.comments.of(&file, value.path())?;
                Some(format!("- `{}`: {}", value.name(), comment.replace('\n', " ")))
            });
            let meanings: Vec<_> = meanings.collect();
            describe(&mut schema, [comment, &meanings.join("\n")].join("\n\n").trim());
            self.components.insert(name.to_owned(), schema);
        }
        reference(name)
    }

    fn well_known(&mut self, message: &MessageDescriptor, direction: Direction) -> Option<Value> {
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
                let mut schema = self.kind(&inner.kind(), direction);
                allow_null(&mut schema);
                schema
            }
        })
    }
}

/// Whether the options of a field or a method say that it should not be used any more.
pub(super) fn is_deprecated(options: &DynamicMessage) -> bool {
    options.get_field_by_name("deprecated").and_then(|value| value.as_bool()).unwrap_or_default()
}

/// The first value of an enum that says nothing: leaving the field out says the same.
fn is_unspecified(value: &EnumValueDescriptor) -> bool {
    value.number() == 0 && value.name().ends_with("_UNSPECIFIED")
}

/// Each two fields of a oneof, which a request must not have together.
fn rivals(oneof: &OneofDescriptor) -> Vec<Value> {
    let names: Vec<_> = oneof.fields().map(|field| field.name().to_owned()).collect();
    let pairs = names.iter().enumerate().flat_map(|(index, one)| {
        names[index + 1..].iter().map(move |other| json!({ "required": [one, other] }))
    });
    pairs.collect()
}

/// What a number of the type can be. An answer cannot be anything else, so only requests have to be told.
fn bound(schema: &mut Value, direction: Direction, minimum: i64, maximum: i64) {
    if direction != Direction::Answer {
        schema["minimum"] = json!(minimum);
        schema["maximum"] = json!(maximum);
    }
}

/// Lets null through beside what the schema describes.
fn allow_null(schema: &mut Value) {
    if schema["type"].is_string() {
        schema["type"] = json!([schema["type"], "null"]);
        if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
    } else if let Some(target) = schema.as_object_mut().and_then(|schema| schema.shift_remove("$ref")) {
        let mut either = json!({ "anyOf": [{ "$ref": target }, { "type": "null" }] });
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            either[keyword] = value.clone();
        }
        *schema = either;
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn describe(schema: &mut Value, description: &str) {
    if !description.is_empty() {
        schema["description"] = json!(description);
    }
}
