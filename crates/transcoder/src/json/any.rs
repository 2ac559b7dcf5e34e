//! `google.protobuf.Any` in JSON: the fields of the message plus `@type`, or `@type` and `value` where the message has
//! a JSON form of its own.

use std::fmt;

use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

use super::decode::{Slot, Target, fields};
use super::{Context, WellKnown};

const TYPE: &str = "@type";
const VALUE: &str = "value";

/// Reads an `Any`. `@type` may come last, so the object is kept as it is until the end is reached.
pub(super) fn read<'de, A: MapAccess<'de>>(
    descriptor: &MessageDescriptor,
    context: &Context,
    access: A,
) -> Result<DynamicMessage, A::Error> {
    let mut object = object(context, access)?;
    let mut any = DynamicMessage::new(descriptor.clone());
    if object.is_empty() {
        return Ok(any);
    }
    let Some(Json::String(type_url)) = object.remove(TYPE) else {
        return Err(context.fail_field(TYPE, "must be the name of a type"));
    };
    let name = message_name(&type_url);
    let Some(inner) = name.and_then(|name| descriptor.parent_pool().get_message_by_name(name)) else {
        return Err(context.fail_field(TYPE, "is not the name of a type known here"));
    };
    let message = if has_own_form(&inner) {
        let value = object.remove(VALUE).unwrap_or_default();
        if let Some(name) = object.keys().next() {
            return Err(context.fail_field(name, "is not known here"));
        }
        let slot = Slot { target: &Target::One(Kind::Message(inner)), context };
        let value = slot.deserialize(value).map_err(|error| context.within(|| VALUE.to_owned(), error));
        match value.map_err(Error::custom)? {
            Some(Value::Message(message)) => message,
            _ => return Err(context.fail_field(VALUE, "must not be null")),
        }
    } else {
        let visitor = Fields { descriptor: &inner, context };
        Json::Object(object).deserialize_map(visitor).map_err(Error::custom)?
    };
    any.set_field_by_number(1, Value::String(type_url));
    any.set_field_by_number(2, Value::Bytes(message.encode_to_vec().into()));
    Ok(any)
}

/// The full name at the end of a type URL such as `type.googleapis.com/google.protobuf.Duration`.
pub(super) fn message_name(type_url: &str) -> Option<&str> {
    type_url.rsplit_once('/').map(|(_, name)| name)
}

/// Whether an `Any` keeps the message under `value`.
pub(super) fn has_own_form(message: &MessageDescriptor) -> bool {
    WellKnown::of(message).is_some() || message.full_name() == "google.protobuf.Empty"
}

struct Fields<'a> {
    descriptor: &'a MessageDescriptor,
    context: &'a Context,
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = DynamicMessage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        fields(self.descriptor, self.context, access)
    }
}

fn object<'de, A: MapAccess<'de>>(context: &Context, mut access: A) -> Result<Map<String, Json>, A::Error> {
    let mut object = Map::new();
    while let Some(key) = access.next_key::<String>()? {
        if object.contains_key(&key) {
            return Err(context.fail_field(&key, "is given twice"));
        }
        let value = access.next_value_seed(Anything(context))?;
        object.insert(key, value);
    }
    Ok(object)
}

/// Any JSON, with duplicate keys refused.
#[derive(Clone, Copy)]
struct Anything<'a>(&'a Context);

impl<'de> DeserializeSeed<'de> for Anything<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Anything<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Json, A::Error> {
        object(self.0, access).map(Json::Object)
    }
}
