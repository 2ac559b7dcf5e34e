//! Brings the texts that people write into their normal form, by the option `text` of their fields.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, DynamicMessage, Value};

use super::rules::join;
use crate::errors::Violation;
use crate::text;

/// Which fields hold texts of which kind, by their full names.
#[derive(Debug)]
pub(super) struct Texts(HashMap<String, Kind>);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Line,
    Lines,
    Password,
}

impl Texts {
    /// Reads the options of all fields.
    pub(super) fn of(pool: &DescriptorPool) -> Self {
        let Some(option) = pool.get_extension_by_name("fitness.options.v1.text") else {
            return Self(HashMap::new());
        };
        let fields = pool.all_messages().flat_map(|message| message.fields().collect::<Vec<_>>());
        let kinds = fields.filter_map(|field| {
            let kind = match field.options().get_extension(&option).as_enum_number()? {
                1 => Kind::Line,
                2 => Kind::Lines,
                3 => Kind::Password,
                _ => return None,
            };
            Some((field.full_name().to_owned(), kind))
        });
        Self(kinds.collect())
    }

    /// Whether the field holds a text that people write.
    #[cfg(test)]
    pub(super) fn knows(&self, full_name: &str) -> bool {
        self.0.contains_key(full_name)
    }

    /// Puts the normal form in place of each text, and says whether any was another one.
    pub(super) fn normalise(
        &self,
        message: &mut DynamicMessage,
        path: &str,
        violations: &mut Vec<Violation>,
    ) -> bool {
        let mut changed = false;
        let present: Vec<_> = message.fields().map(|(field, _)| field).collect();
        for field in present {
            let kind = self.0.get(field.full_name()).copied();
            let path = join(path, field.name());
            match message.get_field_mut(&field) {
                Value::List(items) => {
                    for (index, item) in items.iter_mut().enumerate() {
                        changed |= self.value(kind, item, &format!("{path}[{index}]"), violations);
                    }
                }
                single => changed |= self.value(kind, single, &path, violations),
            }
        }
        changed
    }

    fn value(
        &self,
        kind: Option<Kind>,
        value: &mut Value,
        path: &str,
        violations: &mut Vec<Violation>,
    ) -> bool {
        match (value, kind) {
            (Value::Message(inner), _) => self.normalise(inner, path, violations),
            (Value::String(text), Some(kind)) => {
                let normal = match kind {
                    Kind::Line => text::line(text),
                    Kind::Lines => text::lines(text),
                    Kind::Password => Ok(text::password(text)),
                };
                match normal {
                    Ok(normal) => {
                        let changed = normal != *text;
                        *text = normal;
                        changed
                    }
                    Err(error) => {
                        violations.push(Violation::new(path, error.to_string()));
                        false
                    }
                }
            }
            _ => false,
        }
    }
}
