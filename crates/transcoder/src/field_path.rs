//! Fields inside fields, as paths (`{shelf.shelf_id}`) and queries (`?shelf.theme=…`) name them.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::json::WellKnown;
use crate::json::decode::rival;
use crate::json::field_name::field_named;
use crate::json::scalar::is_scalar;

/// Recursive messages would otherwise let a long query nest them without end.
const MAX_LENGTH: usize = 32;

/// The way from a message to one of its fields, looked up once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldPath {
    parents: Vec<FieldDescriptor>,
    field: FieldDescriptor,
}

/// Why a dotted name leads to no field that takes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FieldPathError {
    #[error("is not known here")]
    Unknown,
    #[error("is nested too deeply")]
    TooDeep,
    #[error("is no field that takes a single value")]
    NotScalar,
}

impl FieldPath {
    /// Finds the field of a dotted name, which may be made of original or JSON names.
    pub(crate) fn resolve(message: &MessageDescriptor, name: &str) -> Result<Self, FieldPathError> {
        if name.split('.').count() > MAX_LENGTH {
            return Err(FieldPathError::TooDeep);
        }
        let mut parents = Vec::new();
        let mut current = message.clone();
        let mut parts = name.split('.').peekable();
        loop {
            let part = parts.next().ok_or(FieldPathError::Unknown)?;
            let field = field_named(&current, part).ok_or(FieldPathError::Unknown)?;
            if parts.peek().is_none() {
                return Ok(Self { parents, field });
            }
            current = match field.kind() {
                Kind::Message(inner) if !field.is_list() && WellKnown::of(&inner).is_none() => inner,
                _ => return Err(FieldPathError::Unknown),
            };
            parents.push(field);
        }
    }

    /// Checks that the field can be given as text.
    pub(crate) fn scalar(self) -> Result<Self, FieldPathError> {
        if self.field.is_map() || !is_scalar(&self.field.kind()) {
            return Err(FieldPathError::NotScalar);
        }
        Ok(self)
    }

    /// The field at the end.
    pub(crate) fn field(&self) -> &FieldDescriptor {
        &self.field
    }

    /// The field at the start.
    pub(crate) fn root(&self) -> &FieldDescriptor {
        self.parents.first().unwrap_or(&self.field)
    }

    /// The dotted name, in original field names.
    pub(crate) fn name(&self) -> String {
        let fields = self.parents.iter().chain([&self.field]);
        fields.map(FieldDescriptor::name).collect::<Vec<_>>().join(".")
    }

    /// The part below the first field; none if there is no such part.
    pub(crate) fn below_root(&self) -> Option<String> {
        self.name().split_once('.').map(|(_, rest)| rest.to_owned())
    }

    /// The value, if it is set.
    pub(crate) fn get(&self, message: &DynamicMessage) -> Option<Value> {
        let Some((first, rest)) = self.parents.split_first() else {
            return message.has_field(&self.field).then(|| message.get_field(&self.field).into_owned());
        };
        if !message.has_field(first) {
            return None;
        }
        let below = Self { parents: rest.to_vec(), field: self.field.clone() };
        below.get(message.get_field(first).as_message()?)
    }

    /// The message that holds the field; made if it is not there yet.
    pub(crate) fn parent_mut<'m>(&self, message: &'m mut DynamicMessage) -> &'m mut DynamicMessage {
        self.parents.iter().fold(message, |message, field| {
            message.get_field_mut(field).as_message_mut().expect("parents are messages")
        })
    }

    /// Another field of the same oneof that is set already.
    pub(crate) fn rival(&self, message: &mut DynamicMessage) -> Option<String> {
        self.field.containing_oneof()?;
        rival(self.parent_mut(message), &self.field).map(|rival| rival.name().to_owned())
    }
}
