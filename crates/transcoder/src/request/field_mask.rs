//! The field mask of a PATCH: the keys that the client sent.
//!
//! Absent, null and a value are three things: what is absent stays, what is null is cleared, and null is refused where
//! the contract knows no such thing as cleared. Otherwise it would mean false, zero or empty, which nobody asked for.

use std::fmt;

use prost_reflect::{Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::annotations::Nullability;
use crate::field_path::FieldPath;
use crate::json::WellKnown;
use crate::json::field_name::field_named;
use crate::problem::Violation;
use crate::route::{BodyRule, Route};

/// The paths of the keys in the body, in their order. A key with `null` counts: it asks for the field to be cleared.
/// Answers a violation for each that cannot be.
///
/// Fields that the path of the request names are left out, because they say what to change and not how.
/// The body has been decoded before, so that all keys are known and of the right shape.
pub(super) fn from_body(route: &Route, body: &[u8]) -> Result<Vec<String>, Vec<Violation>> {
    let mut found = Found::default();
    if let BodyRule::Field(field) = &route.body
        && let Kind::Message(descriptor) = field.kind()
    {
        let keys =
            Keys { descriptor: &descriptor, prefix: "", nullability: &route.nullability, found: &mut found };
        // An empty body has no keys; nothing else can fail here.
        let _ = keys.deserialize(&mut serde_json::Deserializer::from_slice(body));
        let bound = route.variables.iter().filter(|variable| variable.root() == field);
        let bound: Vec<_> = bound.filter_map(FieldPath::below_root).collect();
        found.paths.retain(|path| !bound.contains(path));
        if !found.nulls.is_empty() {
            let violation = |path| Violation::new(format!("{}.{path}", field.name()), "must not be null");
            return Err(found.nulls.into_iter().map(violation).collect());
        }
    }
    Ok(found.paths)
}

#[derive(Default)]
struct Found {
    paths: Vec<String>,
    /// Those that are null and must not be.
    nulls: Vec<String>,
}

struct Keys<'a> {
    descriptor: &'a MessageDescriptor,
    prefix: &'a str,
    nullability: &'a Nullability,
    found: &'a mut Found,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    /// Whether there was a `null`.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        if !self.prefix.is_empty() {
            self.found.paths.push(self.prefix.to_owned());
        }
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<bool, A::Error> {
        let before = self.found.paths.len();
        while let Some(key) = access.next_key::<String>()? {
            let Some(field) = field_named(self.descriptor, &key) else { continue };
            let path = match self.prefix {
                "" => field.name().to_owned(),
                prefix => format!("{prefix}.{}", field.name()),
            };
            let is_null = match field.kind() {
                Kind::Message(inner)
                    if !field.is_list() && !field.is_map() && WellKnown::of(&inner).is_none() =>
                {
                    let (nullability, found) = (self.nullability, &mut *self.found);
                    access.next_value_seed(Keys { descriptor: &inner, prefix: &path, nullability, found })?
                }
                _ => {
                    self.found.paths.push(path.clone());
                    access.next_value::<Option<IgnoredAny>>()?.is_none()
                }
            };
            if is_null && !self.nullability.allows(&field) {
                self.found.nulls.push(path);
            }
        }
        // An empty object means the field itself: set, with nothing in it.
        if self.found.paths.len() == before && !self.prefix.is_empty() {
            self.found.paths.push(self.prefix.to_owned());
        }
        Ok(false)
    }
}
