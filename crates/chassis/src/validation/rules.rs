//! The rules of one field: compiled from its options, applied to its value.

use std::sync::LazyLock;

use prost_reflect::{DynamicMessage, ExtensionDescriptor, FieldDescriptor, MessageDescriptor, Value};
use regex::Regex;

use super::RuleError;
use crate::errors::Violation;

/// A valid e-mail address by the HTML standard's definition, which has no room for quoting, comments or line ends.
static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\A[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?",
        r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z"
    ))
    .expect("the expression is constant")
});

const IGNORE_IF_ZERO_VALUE: i32 = 1;
const IGNORE_ALWAYS: i32 = 3;

/// What a field has to keep.
#[derive(Debug)]
pub(super) struct FieldRule {
    field: FieldDescriptor,
    required: bool,
    ignore_zero: bool,
    items: Option<Box<FieldRule>>,
    checks: Vec<Check>,
}

#[derive(Debug)]
enum Check {
    MinChars(u64),
    MaxChars(u64),
    Pattern(Regex),
    OneOf(Vec<String>),
    Email,
    Uuid,
    MinBytes(u64),
    MaxBytes(u64),
    LessThan(f64),
    AtMost(f64),
    GreaterThan(f64),
    AtLeast(f64),
    Finite,
    DefinedOnly,
    NotIn(Vec<i32>),
    MinItems(u64),
    MaxItems(u64),
    Unique,
}

/// Path of a field inside its parent.
pub(super) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

/// Compiles the rules of the fields of a message that have any.
pub(super) fn compile(
    message: &MessageDescriptor,
    extension: &ExtensionDescriptor,
) -> Result<Vec<FieldRule>, RuleError> {
    let mut rules = Vec::new();
    for field in message.fields() {
        let options = field.options();
        if !options.has_extension(extension) {
            continue;
        }
        if let Value::Message(set) = options.get_extension(extension).as_ref()
            && let Some(rule) = FieldRule::compile(&field, set)?
        {
            rules.push(rule);
        }
    }
    Ok(rules)
}

impl FieldRule {
    fn compile(field: &FieldDescriptor, set: &DynamicMessage) -> Result<Option<Self>, RuleError> {
        let ignore = set.get_field_by_name("ignore").and_then(|v| v.as_enum_number()).unwrap_or_default();
        if ignore == IGNORE_ALWAYS {
            return Ok(None);
        }
        let required = set.get_field_by_name("required").and_then(|v| v.as_bool()).unwrap_or_default();
        let mut rule = Self {
            field: field.clone(),
            required,
            ignore_zero: ignore == IGNORE_IF_ZERO_VALUE,
            items: None,
            checks: Vec::new(),
        };
        for (kind, value) in set.fields() {
            if let Value::Message(typed) = value {
                for (name, value) in typed.fields() {
                    rule.add(kind.name(), name.name(), value)?;
                }
            }
        }
        Ok(Some(rule))
    }

    fn add(&mut self, kind: &str, name: &str, value: &Value) -> Result<(), RuleError> {
        let length = || value.as_u64().unwrap_or_default();
        let check = match (kind, name) {
            ("string", "min_len") => Check::MinChars(length()),
            ("string", "max_len") => Check::MaxChars(length()),
            ("string", "pattern") => Check::Pattern(self.pattern(value.as_str().unwrap_or_default())?),
            ("string", "in") => Check::OneOf(texts(value)),
            ("string", "email") => Check::Email,
            ("string", "uuid") => Check::Uuid,
            ("bytes", "min_len") => Check::MinBytes(length()),
            ("bytes", "max_len") => Check::MaxBytes(length()),
            ("enum", "defined_only") => Check::DefinedOnly,
            ("enum", "not_in") => Check::NotIn(numbers(value)),
            ("repeated", "min_items") => Check::MinItems(length()),
            ("repeated", "max_items") => Check::MaxItems(length()),
            ("repeated", "unique") => Check::Unique,
            ("repeated", "items") => {
                if let Value::Message(set) = value {
                    self.items = Self::compile(&self.field, set)?.map(Box::new);
                }
                return Ok(());
            }
            (_, "finite") => Check::Finite,
            (_, "lt") => Check::LessThan(number(value)),
            (_, "lte") => Check::AtMost(number(value)),
            (_, "gt") => Check::GreaterThan(number(value)),
            (_, "gte") => Check::AtLeast(number(value)),
            _ => unreachable!("our validate.proto has no rule {kind}.{name}"),
        };
        self.checks.push(check);
        Ok(())
    }

    fn pattern(&self, pattern: &str) -> Result<Regex, RuleError> {
        Regex::new(pattern).map_err(|source| RuleError::Pattern {
            field: self.field.full_name().to_owned(),
            source: Box::new(source),
        })
    }

    /// Adds at most one violation for the field itself and one for each item.
    pub(super) fn check(&self, message: &DynamicMessage, path: &str, violations: &mut Vec<Violation>) {
        let path = join(path, self.field.name());
        // What cannot be a text at all needs no second word.
        if violations.iter().any(|violation| violation.field == path) {
            return;
        }
        let present = message.has_field(&self.field);
        if !present && (self.field.supports_presence() || self.ignore_zero) && !self.required {
            return;
        }
        let value = message.get_field(&self.field);
        let broken = self.checks.iter().find_map(|check| check.broken(&value, &self.field));
        if !present && (self.required || broken.is_some()) {
            violations.push(Violation::new(path, "is required"));
        } else if let Some(description) = broken {
            violations.push(Violation::new(path, description));
        } else if let (Some(rule), Value::List(items)) = (&self.items, value.as_ref()) {
            for (index, item) in items.iter().enumerate() {
                if let Some(description) =
                    rule.checks.iter().find_map(|check| check.broken(item, &self.field))
                {
                    violations.push(Violation::new(format!("{path}[{index}]"), description));
                }
            }
        }
    }
}

impl Check {
    /// What is wrong with the value, if anything; never with the value in it.
    fn broken(&self, value: &Value, field: &FieldDescriptor) -> Option<String> {
        let text = value.as_str().unwrap_or_default();
        let chars = || text.chars().count() as u64;
        let bytes = || value.as_bytes().map_or(0, |bytes| bytes.len() as u64);
        let items = value.as_list().unwrap_or_default();
        let (kept, description) = match self {
            Self::MinChars(min) => (chars() >= *min, format!("must have at least {min} characters")),
            Self::MaxChars(max) => (chars() <= *max, format!("must have at most {max} characters")),
            Self::Pattern(regex) => (regex.is_match(text), format!("must match {regex}")),
            Self::OneOf(allowed) => {
                (allowed.iter().any(|a| a == text), format!("must be one of {}", allowed.join(", ")))
            }
            Self::Email => (EMAIL.is_match(text), "must be an e-mail address".to_owned()),
            Self::Uuid => (is_uuid(text), "must be a UUID".to_owned()),
            Self::MinBytes(min) => (bytes() >= *min, format!("must have at least {min} bytes")),
            Self::MaxBytes(max) => (bytes() <= *max, format!("must have at most {max} bytes")),
            Self::LessThan(limit) => (number(value) < *limit, format!("must be less than {limit}")),
            Self::AtMost(limit) => (number(value) <= *limit, format!("must be at most {limit}")),
            Self::GreaterThan(limit) => (number(value) > *limit, format!("must be greater than {limit}")),
            Self::AtLeast(limit) => (number(value) >= *limit, format!("must be at least {limit}")),
            Self::Finite => (number(value).is_finite(), "must be a finite number".to_owned()),
            Self::DefinedOnly => (is_defined(value, field), "must be one of the defined values".to_owned()),
            Self::NotIn(refused) => {
                let number = value.as_enum_number().unwrap_or_default();
                (!refused.contains(&number), "must be one of the allowed values".to_owned())
            }
            Self::MinItems(min) => (items.len() as u64 >= *min, format!("must have at least {min} items")),
            Self::MaxItems(max) => (items.len() as u64 <= *max, format!("must have at most {max} items")),
            Self::Unique => {
                let repeats = |(index, item): (usize, &Value)| items[..index].contains(item);
                (!items.iter().enumerate().any(repeats), "must not hold the same value twice".to_owned())
            }
        };
        (!kept).then_some(description)
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn is_defined(value: &Value, field: &FieldDescriptor) -> bool {
    match (field.kind(), value.as_enum_number()) {
        (prost_reflect::Kind::Enum(descriptor), Some(number)) => descriptor.get_value(number).is_some(),
        _ => true,
    }
}

/// A number of any kind as a double; the limits in use are far below 2⁵³, where doubles are exact.
fn number(value: &Value) -> f64 {
    match value {
        Value::I32(number) => f64::from(*number),
        Value::U32(number) => f64::from(*number),
        Value::I64(number) => *number as f64,
        Value::U64(number) => *number as f64,
        Value::F32(number) => f64::from(*number),
        Value::F64(number) => *number,
        _ => f64::NAN,
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_list().unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn numbers(value: &Value) -> Vec<i32> {
    let items = value.as_list().unwrap_or_default();
    items.iter().filter_map(Value::as_i32).collect()
}
