//! Which fields have to be there, and which may be null.

use prost_reflect::{DynamicMessage, FieldDescriptor, Value};
use regex::Regex;

use super::direction::Direction;
use super::rules::{self, Rules};

impl Rules {
    /// Whether a client has to send the field, or can rely on it in an answer.
    ///
    /// Nobody can tell the default of a field without presence from the field that was left out. So an answer always
    /// has it, and a request has to have it if a rule refuses the default.
    pub(super) fn is_required(&self, field: &FieldDescriptor, direction: Direction) -> bool {
        let rules = self.of(field);
        if rules.as_ref().is_some_and(|rules| rules::flag(rules, "required")) {
            return true;
        }
        match direction {
            _ if field.supports_presence() => false,
            Direction::Answer => true,
            Direction::Request | Direction::Patch => {
                rules.is_some_and(|rules| !rules::ignores_zero(&rules) && refuses_zero(&rules))
            }
        }
    }
}

/// Whether the default value of the field's type breaks one of the rules.
fn refuses_zero(rules: &DynamicMessage) -> bool {
    let groups = rules.fields().filter_map(|(_, value)| value.as_message().cloned());
    groups.into_iter().any(|group| group.fields().any(|(rule, value)| breaks(rule.name(), value)))
}

fn breaks(rule: &str, value: &Value) -> bool {
    match rule {
        "min_len" | "min_items" | "min_pairs" | "gte" => number(value) > 0.0,
        "gt" => number(value) >= 0.0,
        "lte" => number(value) < 0.0,
        "lt" => number(value) <= 0.0,
        "pattern" => {
            value.as_str().and_then(|text| Regex::new(text).ok()).is_some_and(|regex| !regex.is_match(""))
        }
        "in" => value.as_list().is_some_and(|values| !values.is_empty() && !values.iter().any(is_zero)),
        "not_in" => value.as_list().is_some_and(|values| values.iter().any(is_zero)),
        name => rules::format(name).is_some() && value.as_bool() == Some(true),
    }
}

fn is_zero(value: &Value) -> bool {
    value.as_str().map_or_else(|| number(value) == 0.0, str::is_empty)
}

/// A number of any kind as a double; rules compare it with zero only.
#[allow(clippy::cast_precision_loss)]
fn number(value: &Value) -> f64 {
    match value {
        Value::I32(number) | Value::EnumNumber(number) => f64::from(*number),
        Value::U32(number) => f64::from(*number),
        Value::I64(number) => *number as f64,
        Value::U64(number) => *number as f64,
        Value::F32(number) => f64::from(*number),
        Value::F64(number) => *number,
        _ => f64::NAN,
    }
}
