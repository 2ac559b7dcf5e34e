//! Names of fields in JSON and elsewhere in a request.

use std::fmt;

use prost_reflect::{FieldDescriptor, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::Context;

/// The key of an object that stands for a message: the original name or the JSON name of a field.
pub(super) struct FieldName<'a> {
    pub(super) descriptor: &'a MessageDescriptor,
    pub(super) context: &'a Context,
}

impl<'de> DeserializeSeed<'de> for FieldName<'_> {
    type Value = FieldDescriptor;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName<'_> {
    type Value = FieldDescriptor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let field = field_named(self.descriptor, name);
        field.ok_or_else(|| self.context.fail_field(name, "is not known here"))
    }
}

/// Looks a field up by its original name or its JSON name.
pub(crate) fn field_named(descriptor: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    descriptor.get_field_by_name(name).or_else(|| descriptor.get_field_by_json_name(name))
}
