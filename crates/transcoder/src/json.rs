//! The protobuf JSON mapping over dynamic messages.
//!
//! Written here and not taken from the reflection library because clients have to learn which field is wrong and why,
//! without a word from the value, which may be a password; because duplicate keys and oneofs set twice are refused;
//! and because a part of a message (`response_body`) has to be written too.
//! See <https://protobuf.dev/programming-guides/json/>. One difference: the paths of a `FieldMask` are written as they
//! are stored, with the original field names like everything else; both spellings are read.

mod any;
mod context;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod field_name;
pub(crate) mod scalar;

use std::borrow::Cow;

use prost_reflect::MessageDescriptor;

pub(crate) use self::context::Context;

/// What is wrong with a value, in words that follow the name of its field.
pub(crate) type Reason = Cow<'static, str>;

/// Messages with a JSON form of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WellKnown {
    Any,
    Duration,
    FieldMask,
    ListValue,
    Struct,
    Timestamp,
    Value,
    /// `google.protobuf.Int32Value` and its like: written as the value itself.
    Wrapper,
}

impl WellKnown {
    pub(crate) fn of(message: &MessageDescriptor) -> Option<Self> {
        match message.full_name().strip_prefix("google.protobuf.")? {
            "Any" => Some(Self::Any),
            "Duration" => Some(Self::Duration),
            "FieldMask" => Some(Self::FieldMask),
            "ListValue" => Some(Self::ListValue),
            "Struct" => Some(Self::Struct),
            "Timestamp" => Some(Self::Timestamp),
            "Value" => Some(Self::Value),
            "BoolValue" | "BytesValue" | "DoubleValue" | "FloatValue" | "Int32Value" | "Int64Value"
            | "StringValue" | "UInt32Value" | "UInt64Value" => Some(Self::Wrapper),
            _ => None,
        }
    }

    /// Whether the JSON form is one string, number or boolean.
    pub(crate) fn is_scalar(self) -> bool {
        matches!(self, Self::Duration | Self::FieldMask | Self::Timestamp | Self::Wrapper)
    }
}

/// `google.protobuf.Timestamp` ends at year 9999 and starts at year 1.
pub(crate) const TIMESTAMP_SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// `google.protobuf.Duration` holds some 10,000 years either way.
pub(crate) const DURATION_SECONDS: std::ops::RangeInclusive<i64> = -315_576_000_000..=315_576_000_000;

#[cfg(test)]
mod tests;
