//! JSON to dynamic messages.

use std::collections::HashMap;
use std::fmt;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::field_name::FieldName;
use super::scalar::{self, Scalar};
use super::{Context, Reason, WellKnown, any};
use crate::problem::Violation;

/// Reads a message; `root` is the field that the violation's path starts with, empty for the whole body.
pub(crate) fn message(
    descriptor: &MessageDescriptor,
    json: &[u8],
    root: &str,
) -> Result<DynamicMessage, Violation> {
    let target = Target::One(Kind::Message(descriptor.clone()));
    match read(&target, json, root)? {
        Some(Value::Message(message)) => Ok(message),
        _ => Err(Violation::new(if root.is_empty() { "body" } else { root }, "must not be null")),
    }
}

/// Reads the value of a field that the body is made of; `None` for `null`.
pub(crate) fn field(field: &FieldDescriptor, json: &[u8]) -> Result<Option<Value>, Violation> {
    read(&Target::of(field), json, field.name())
}

fn read(target: &Target, json: &[u8], root: &str) -> Result<Option<Value>, Violation> {
    let context = Context::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let slot = Slot { target, context: &context };
    let value = slot.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| context.violation(root, &error))
}

/// What is to be read.
pub(super) enum Target {
    One(Kind),
    List(Kind),
    /// The descriptor of the map's entry.
    Map(MessageDescriptor),
}

impl Target {
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => Self::Map(entry),
            kind if field.is_list() => Self::List(kind),
            kind => Self::One(kind),
        }
    }
}

/// A place for one value. Reads `None` from a `null` that means "not set".
pub(super) struct Slot<'a> {
    pub(super) target: &'a Target,
    pub(super) context: &'a Context,
}

impl<'de> DeserializeSeed<'de> for Slot<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Slot<'_> {
    fn scalar<E: Error>(&self, scalar: Scalar<'_>) -> Result<Option<Value>, E> {
        let value = match self.target {
            Target::One(kind) => scalar::value(kind, scalar),
            _ => Err(self.expected()),
        };
        value.map(Some).map_err(|reason| self.context.fail(reason))
    }

    /// What an object or a list is told where something else belongs.
    fn expected(&self) -> Reason {
        match self.target {
            Target::List(_) => "must be a list".into(),
            Target::Map(_) => "must be an object".into(),
            // A boolean is right for nothing but a boolean, and that takes no object or list either.
            Target::One(kind) => match scalar::value(kind, Scalar::Bool(false)) {
                Ok(_) => "must be true or false".into(),
                Err(reason) => reason,
            },
        }
    }
}

impl<'de> Visitor<'de> for Slot<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the field's type")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.scalar(Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        self.scalar(Scalar::Signed(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        self.scalar(Scalar::Unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        self.scalar(Scalar::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        self.scalar(Scalar::Text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        match self.target {
            Target::One(Kind::Message(descriptor)) if WellKnown::of(descriptor) == Some(WellKnown::Value) => {
                let mut message = DynamicMessage::new(descriptor.clone());
                message.set_field_by_number(1, Value::EnumNumber(0));
                Ok(Some(Value::Message(message)))
            }
            Target::One(Kind::Enum(descriptor)) if descriptor.full_name() == "google.protobuf.NullValue" => {
                Ok(Some(Value::EnumNumber(0)))
            }
            _ => Ok(None),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        let descriptor = match self.target {
            Target::List(kind) => {
                return list(kind, self.context, access).map(|values| Some(Value::List(values)));
            }
            Target::One(Kind::Message(descriptor)) => descriptor,
            _ => return Err(self.context.fail(self.expected())),
        };
        match WellKnown::of(descriptor) {
            Some(WellKnown::ListValue) => {
                list_value(descriptor, self.context, access).map(|message| Some(Value::Message(message)))
            }
            Some(WellKnown::Value) => {
                let mut message = DynamicMessage::new(descriptor.clone());
                let field = descriptor.get_field(6).expect("Value has a list_value");
                let Kind::Message(list) = field.kind() else { unreachable!("list_value is a ListValue") };
                self.context.enter(1)?;
                message.set_field(&field, Value::Message(list_value(&list, self.context, access)?));
                self.context.leave(1);
                Ok(Some(Value::Message(message)))
            }
            _ => Err(self.context.fail(self.expected())),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        let descriptor = match self.target {
            Target::Map(entry) => {
                return map(entry, self.context, access).map(|entries| Some(Value::Map(entries)));
            }
            Target::One(Kind::Message(descriptor)) => descriptor,
            _ => return Err(self.context.fail(self.expected())),
        };
        self.context.enter(1)?;
        let message = match WellKnown::of(descriptor) {
            None => fields(descriptor, self.context, access)?,
            Some(WellKnown::Struct) => struct_value(descriptor, self.context, access)?,
            Some(WellKnown::Value) => {
                let mut message = DynamicMessage::new(descriptor.clone());
                let field = descriptor.get_field(5).expect("Value has a struct_value");
                let Kind::Message(inner) = field.kind() else { unreachable!("struct_value is a Struct") };
                self.context.enter(1)?;
                message.set_field(&field, Value::Message(struct_value(&inner, self.context, access)?));
                self.context.leave(1);
                message
            }
            Some(WellKnown::Any) => any::read(descriptor, self.context, access)?,
            Some(_) => return Err(self.context.fail(self.expected())),
        };
        self.context.leave(1);
        Ok(Some(Value::Message(message)))
    }
}

/// Reads the fields of an ordinary message.
pub(super) fn fields<'de, A: MapAccess<'de>>(
    descriptor: &MessageDescriptor,
    context: &Context,
    mut access: A,
) -> Result<DynamicMessage, A::Error> {
    let mut message = DynamicMessage::new(descriptor.clone());
    let mut seen: Vec<u32> = Vec::new();
    while let Some(field) = access.next_key_seed(FieldName { descriptor, context })? {
        if seen.contains(&field.number()) {
            return Err(context.fail_field(field.name(), "is given twice"));
        }
        seen.push(field.number());
        let slot = Slot { target: &Target::of(&field), context };
        let value = access
            .next_value_seed(slot)
            .map_err(|error| context.within(|| field.name().to_owned(), error))?;
        let Some(value) = value else { continue };
        if let Some(rival) = rival(&message, &field) {
            let reason = format!("must not be given together with {}", rival.name());
            return Err(context.fail_field(field.name(), reason));
        }
        message.set_field(&field, value);
    }
    Ok(message)
}

/// Another field of the same oneof that is set already.
pub(crate) fn rival(message: &DynamicMessage, field: &FieldDescriptor) -> Option<FieldDescriptor> {
    let oneof = field.containing_oneof()?;
    oneof.fields().find(|other| other != field && message.has_field(other))
}

fn list<'de, A: SeqAccess<'de>>(
    kind: &Kind,
    context: &Context,
    mut access: A,
) -> Result<Vec<Value>, A::Error> {
    let target = Target::One(kind.clone());
    let mut values = Vec::new();
    loop {
        let index = || format!("[{}]", values.len());
        match access.next_element_seed(Slot { target: &target, context }) {
            Ok(Some(Some(value))) => values.push(value),
            Ok(Some(None)) => return Err(context.fail_field(&index(), "must not be null")),
            Ok(None) => return Ok(values),
            Err(error) => return Err(context.within(index, error)),
        }
    }
}

fn map<'de, A: MapAccess<'de>>(
    entry: &MessageDescriptor,
    context: &Context,
    mut access: A,
) -> Result<HashMap<MapKey, Value>, A::Error> {
    let key_kind = entry.map_entry_key_field().kind();
    let target = Target::One(entry.map_entry_value_field().kind());
    let mut entries = HashMap::new();
    context.enter(1)?;
    while let Some(text) = access.next_key::<String>()? {
        let key = scalar::map_key(&key_kind, &text).map_err(|reason| context.fail(reason))?;
        let value = access.next_value_seed(Slot { target: &target, context })?;
        let value = value.ok_or_else(|| context.fail("has an entry that is null"))?;
        if entries.insert(key, value).is_some() {
            return Err(context.fail("has the same key twice"));
        }
    }
    context.leave(1);
    Ok(entries)
}

fn struct_value<'de, A: MapAccess<'de>>(
    descriptor: &MessageDescriptor,
    context: &Context,
    access: A,
) -> Result<DynamicMessage, A::Error> {
    let field = descriptor.get_field(1).expect("Struct has fields");
    let Kind::Message(entry) = field.kind() else { unreachable!("the fields of a Struct are a map") };
    let mut message = DynamicMessage::new(descriptor.clone());
    message.set_field(&field, Value::Map(map(&entry, context, access)?));
    Ok(message)
}

fn list_value<'de, A: SeqAccess<'de>>(
    descriptor: &MessageDescriptor,
    context: &Context,
    access: A,
) -> Result<DynamicMessage, A::Error> {
    let field = descriptor.get_field(1).expect("ListValue has values");
    let mut message = DynamicMessage::new(descriptor.clone());
    context.enter(1)?;
    message.set_field(&field, Value::List(list(&field.kind(), context, access)?));
    context.leave(1);
    Ok(message)
}
