//! Single values: what a string, number or boolean means for a field, in JSON, in a path and in a query.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost_reflect::{
    DynamicMessage, EnumDescriptor, EnumValueDescriptor, Kind, MapKey, MessageDescriptor, Value,
};

use super::{DURATION_SECONDS, Reason, TIMESTAMP_SECONDS, WellKnown};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// A value that is neither an object nor a list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'a> {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    /// A JSON string.
    Text(&'a str),
    /// Text without JSON types around it, from a path or a query: `7` may be a number, a string or an enum value.
    Bare(&'a str),
}

impl<'a> Scalar<'a> {
    fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) | Self::Bare(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads a value of the given kind.
pub(crate) fn value(kind: &Kind, scalar: Scalar<'_>) -> Result<Value, Reason> {
    match kind {
        Kind::Bool => boolean(scalar).map(Value::Bool),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            integer(scalar).map(Value::I32).ok_or("must be a 32-bit integer".into())
        }
        Kind::Uint32 | Kind::Fixed32 => {
            integer(scalar).map(Value::U32).ok_or("must be an unsigned 32-bit integer".into())
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            integer(scalar).map(Value::I64).ok_or("must be a 64-bit integer".into())
        }
        Kind::Uint64 | Kind::Fixed64 => {
            integer(scalar).map(Value::U64).ok_or("must be an unsigned 64-bit integer".into())
        }
        Kind::Double => float(scalar).map(Value::F64),
        Kind::Float => single_float(scalar).map(Value::F32),
        Kind::String => {
            scalar.text().map(|text| Value::String(text.to_owned())).ok_or("must be a string".into())
        }
        Kind::Bytes => bytes(scalar).ok_or("must be bytes in base64".into()),
        Kind::Enum(descriptor) => enumeration(descriptor, scalar).map(Value::EnumNumber),
        Kind::Message(descriptor) => message(descriptor, scalar).map(Value::Message),
    }
}

/// Whether the kind can be given as one bare text, as in a path or a query.
pub(crate) fn is_scalar(kind: &Kind) -> bool {
    match kind {
        Kind::Message(message) => WellKnown::of(message).is_some_and(WellKnown::is_scalar),
        _ => true,
    }
}

/// Reads the key of a map.
pub(crate) fn map_key(kind: &Kind, text: &str) -> Result<MapKey, Reason> {
    let key = value(kind, Scalar::Bare(text)).ok().and_then(Value::into_map_key);
    key.ok_or("has a key of the wrong type".into())
}

fn boolean(scalar: Scalar<'_>) -> Result<bool, Reason> {
    match scalar {
        Scalar::Bool(value) => Ok(value),
        Scalar::Bare("true") => Ok(true),
        Scalar::Bare("false") => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

fn integer<T: TryFrom<i64> + TryFrom<u64>>(scalar: Scalar<'_>) -> Option<T> {
    match scalar {
        Scalar::Signed(value) => T::try_from(value).ok(),
        Scalar::Unsigned(value) => T::try_from(value).ok(),
        Scalar::Float(value) => whole(value).and_then(|value| T::try_from(value).ok()),
        Scalar::Text(text) | Scalar::Bare(text) => {
            if let Ok(value) = text.parse::<i64>() {
                return T::try_from(value).ok();
            }
            if let Ok(value) = text.parse::<u64>() {
                return T::try_from(value).ok();
            }
            whole(decimal(text)?).and_then(|value| T::try_from(value).ok())
        }
        Scalar::Bool(_) => None,
    }
}

/// Numbers such as `1e3` and `4.0` are integers too; beyond 2^53 a float does not name one integer any more.
fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

fn float(scalar: Scalar<'_>) -> Result<f64, Reason> {
    let value = match scalar {
        Scalar::Signed(value) => Some(value as f64),
        Scalar::Unsigned(value) => Some(value as f64),
        Scalar::Float(value) => Some(value),
        Scalar::Text(text) | Scalar::Bare(text) => match text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => decimal(text),
        },
        Scalar::Bool(_) => None,
    };
    value.ok_or("must be a number".into())
}

fn single_float(scalar: Scalar<'_>) -> Result<f32, Reason> {
    let wide = float(scalar)?;
    let value = wide as f32;
    if value.is_infinite() && wide.is_finite() {
        return Err("must be a number of single precision".into());
    }
    Ok(value)
}

/// A decimal number that is neither a word such as `inf` nor out of range.
fn decimal(text: &str) -> Option<f64> {
    let digits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.bytes().all(digits) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn bytes(scalar: Scalar<'_>) -> Option<Value> {
    let text = scalar.text()?;
    let engine = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    engine.decode(text).ok().map(|bytes| Value::Bytes(bytes.into()))
}

fn enumeration(descriptor: &EnumDescriptor, scalar: Scalar<'_>) -> Result<i32, Reason> {
    let by_name = |text: &str| descriptor.get_value_by_name(text).map(|value| value.number());
    let number = match scalar {
        Scalar::Text(text) => by_name(text),
        Scalar::Bare(text) => by_name(text).or_else(|| integer(scalar)),
        Scalar::Bool(_) => None,
        number => integer(number),
    };
    number.ok_or_else(|| {
        let values = enum_values(descriptor);
        let names: Vec<_> = values.iter().map(EnumValueDescriptor::name).collect();
        format!("must be one of {}", names.join(", ")).into()
    })
}

/// The values in the order of the .proto file; the descriptor has them by number.
pub(crate) fn enum_values(descriptor: &EnumDescriptor) -> Vec<EnumValueDescriptor> {
    let mut values: Vec<_> = descriptor.values().collect();
    values.sort_by(|left, right| left.path().cmp(right.path()));
    values
}

fn message(descriptor: &MessageDescriptor, scalar: Scalar<'_>) -> Result<DynamicMessage, Reason> {
    let mut message = DynamicMessage::new(descriptor.clone());
    match WellKnown::of(descriptor) {
        Some(WellKnown::Wrapper) => {
            let field = descriptor.get_field(1).expect("wrappers have a value");
            message.set_field(&field, value(&field.kind(), scalar)?);
        }
        Some(WellKnown::Timestamp) => {
            let timestamp = scalar.text().and_then(timestamp);
            let (seconds, nanos) =
                timestamp.ok_or("must be a time such as 2031-05-01T09:30:00Z (RFC 3339)")?;
            set_seconds(&mut message, seconds, nanos);
        }
        Some(WellKnown::Duration) => {
            let duration = scalar.text().and_then(duration);
            let (seconds, nanos) = duration.ok_or("must be a duration in seconds such as 1.5s")?;
            set_seconds(&mut message, seconds, nanos);
        }
        Some(WellKnown::FieldMask) => {
            let paths = scalar.text().and_then(field_mask);
            let paths = paths.ok_or("must be field names separated by commas")?;
            message.set_field_by_number(1, Value::List(paths));
        }
        Some(WellKnown::Value) => match scalar {
            Scalar::Bool(value) => message.set_field_by_number(4, Value::Bool(value)),
            Scalar::Text(text) | Scalar::Bare(text) => {
                message.set_field_by_number(3, Value::String(text.to_owned()));
            }
            number => message.set_field_by_number(2, Value::F64(float(number)?)),
        },
        Some(WellKnown::ListValue) => return Err("must be a list".into()),
        Some(WellKnown::Any | WellKnown::Struct) | None => return Err("must be an object".into()),
    }
    Ok(message)
}

fn set_seconds(message: &mut DynamicMessage, seconds: i64, nanos: i32) {
    message.set_field_by_number(1, Value::I64(seconds));
    message.set_field_by_number(2, Value::I32(nanos));
}

/// Where the seconds stand in RFC 3339.
const SECONDS_AT: usize = "2016-12-31T23:59:".len();

/// The midnights, as Unix time, before which a second 60 was (IERS Bulletin C). No more are planned.
const AFTER_LEAP_SECONDS: [i64; 27] = [
    78_796_800,
    94_694_400,
    126_230_400,
    157_766_400,
    189_302_400,
    220_924_800,
    252_460_800,
    283_996_800,
    315_532_800,
    362_793_600,
    394_329_600,
    425_865_600,
    489_024_000,
    567_993_600,
    631_152_000,
    662_688_000,
    709_948_800,
    741_484_800,
    773_020_800,
    820_454_400,
    867_715_200,
    915_148_800,
    1_136_073_600,
    1_230_768_000,
    1_341_100_800,
    1_435_708_800,
    1_483_228_800,
];

/// Second 60 of a minute that had one; Unix time, which knows no such second, gives it the number of the next.
fn leap_second(minute: &str, rest: &str) -> Option<prost_types::Timestamp> {
    let mut timestamp: prost_types::Timestamp = format!("{minute}59{rest}").parse().ok()?;
    timestamp.seconds += 1;
    AFTER_LEAP_SECONDS.contains(&timestamp.seconds).then_some(timestamp)
}

fn timestamp(text: &str) -> Option<(i64, i32)> {
    // prost reads dates without time or zone as well; RFC 3339 has no such thing.
    let strict = text.len() >= "2031-05-01T09:30:00Z".len()
        && text.is_ascii()
        && text.as_bytes()[10].eq_ignore_ascii_case(&b'T')
        && (text.ends_with(['Z', 'z']) || matches!(text.as_bytes()[text.len() - 6], b'+' | b'-'));
    if !strict {
        return None;
    }
    let timestamp = match text.split_at(SECONDS_AT) {
        (minute, rest) if rest.starts_with("60") => leap_second(minute, &rest[2..])?,
        _ => text.parse().ok()?,
    };
    TIMESTAMP_SECONDS.contains(&timestamp.seconds).then_some((timestamp.seconds, timestamp.nanos))
}

fn duration(text: &str) -> Option<(i64, i32)> {
    let duration: prost_types::Duration = text.parse().ok()?;
    DURATION_SECONDS.contains(&duration.seconds).then_some((duration.seconds, duration.nanos))
}

/// Reads `displayName,address.zip_code` into paths of original field names.
fn field_mask(text: &str) -> Option<Vec<Value>> {
    let paths = text.split(',').filter(|path| !path.is_empty()).map(|path| {
        let legal = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        let mut name = String::with_capacity(path.len() + 4);
        for letter in path.chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        legal.then_some(Value::String(name))
    });
    paths.collect()
}
