//! The field mask of a PATCH: the keys that the client sent.

use std::fmt;

use prost_reflect::{Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::field_path::FieldPath;
use crate::json::WellKnown;
use crate::json::field_name::field_named;
use crate::route::{BodyRule, Route};

/// The paths of the keys in the body, in their order. A key with `null` counts: it asks for the field to be cleared.
///
/// Fields that the path of the request names are left out, because they say what to change and not how.
/// The body has been decoded before, so that all keys are known and of the right shape.
pub(super) fn from_body(route: &Route, body: &[u8]) -> Vec<String> {
    let mut paths = Vec::new();
    if let BodyRule::Field(field) = &route.body
        && let Kind::Message(descriptor) = field.kind()
    {
        let keys = Keys { descriptor: &descriptor, prefix: "", paths: &mut paths };
        // An empty body has no keys; nothing else can fail here.
        let _ = keys.deserialize(&mut serde_json::Deserializer::from_slice(body));
        let bound = route.variables.iter().filter(|variable| variable.root() == field);
        let bound: Vec<_> = bound.filter_map(FieldPath::below_root).collect();
        paths.retain(|path| !bound.contains(path));
    }
    paths
}

struct Keys<'a> {
    descriptor: &'a MessageDescriptor,
    prefix: &'a str,
    paths: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        if !self.prefix.is_empty() {
            self.paths.push(self.prefix.to_owned());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let before = self.paths.len();
        while let Some(key) = access.next_key::<String>()? {
            let Some(field) = field_named(self.descriptor, &key) else { continue };
            let path = match self.prefix {
                "" => field.name().to_owned(),
                prefix => format!("{prefix}.{}", field.name()),
            };
            match field.kind() {
                Kind::Message(inner)
                    if !field.is_list() && !field.is_map() && WellKnown::of(&inner).is_none() =>
                {
                    let paths = &mut *self.paths;
                    access.next_value_seed(Keys { descriptor: &inner, prefix: &path, paths })?;
                }
                _ => {
                    access.next_value::<IgnoredAny>()?;
                    self.paths.push(path);
                }
            }
        }
        // An empty object means the field itself: set, with nothing in it.
        if self.paths.len() == before && !self.prefix.is_empty() {
            self.paths.push(self.prefix.to_owned());
        }
        Ok(())
    }
}
