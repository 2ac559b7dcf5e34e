//! Events that nobody of ours would write, for the tests of every service that listens: of every type of a topic, with
//! values at and beyond each bound.
//!
//! All of it follows from one number: `HOSTILE_SEED` sets it, and a test says it when it fails.

use chrono::{DateTime, Utc};
use eventbus::{Envelope, TraceContext};
use fitness_proto::DESCRIPTOR_SET;
use fitness_proto::fitness::user::v1::EmailVerified;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use prost_types::Timestamp;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

/// Of every type.
pub(crate) const EACH: usize = 1_000;
/// Lengths of texts and bytes that are bounds somewhere, and their neighbours; the long ones are rare.
const LENGTHS: [usize; 14] = [1, 31, 32, 33, 63, 64, 65, 254, 255, 320, 321, 1_023, 1_024, 1_025];
const LONG: [usize; 4] = [4_097, 8_193, 32_769, 70_000];
const TEXTS: [&str; 17] = [
    "",
    "\0",
    "a\0b",
    "\u{202e}",
    "\u{200b}",
    "🏋",
    "\r\nBcc: a@b.example",
    "2026-11-16",
    "9999-12-31",
    "-262143-01-01",
    "+262142-12-31",
    "a@b.example",
    "Europe/Berlin",
    "not a zone",
    "en",
    "=?utf-8?q?=0a?=",
    "{{ 7 * 7 }}",
];

/// Makes such events, the same for the same seed.
pub(crate) struct Generator {
    pub(crate) seed: u64,
    random: StdRng,
}

impl Generator {
    pub(crate) fn new() -> Self {
        let seed =
            std::env::var("HOSTILE_SEED").map_or(8, |seed| seed.parse().expect("HOSTILE_SEED is a number"));
        Self { seed, random: StdRng::seed_from_u64(seed) }
    }

    /// The next event of a type, mostly about `person`.
    pub(crate) fn event(&mut self, message: &MessageDescriptor, person: Uuid) -> Envelope {
        let event = self.message(message, person);
        let mut payload = event.encode_to_vec();
        if self.random.random_bool(0.02) {
            payload.truncate(payload.len() / 2);
        }
        let about = event.get_field_by_name("user_id").and_then(|id| id.as_str().map(str::to_owned));
        // Nobody but the account's own key counts, so most have it.
        let filed = if self.random.random_bool(0.95) { about } else { None };
        let now = Utc::now();
        let moments = [now, now, now, DateTime::UNIX_EPOCH, "9998-12-31T00:00:00Z".parse().unwrap()];
        let time = *moments.choose(&mut self.random).unwrap();
        let mut envelope =
            Envelope::new(&EmailVerified::default(), Uuid::now_v7(), "x", time, TraceContext::default());
        message.full_name().clone_into(&mut envelope.event_type);
        envelope.topic = topic(message);
        envelope.payload = payload.into();
        envelope.key = filed.unwrap_or_else(|| person.to_string());
        envelope
    }

    fn message(&mut self, message: &MessageDescriptor, person: Uuid) -> DynamicMessage {
        let mut event = DynamicMessage::new(message.clone());
        for field in message.fields() {
            if field.is_list() {
                let count = if self.random.random_bool(0.01) { 200 } else { self.random.random_range(0..4) };
                let items = (0..count).map(|_| self.value(&field, person)).collect();
                event.set_field(&field, Value::List(items));
            } else if self.random.random_bool(0.9) {
                event.set_field(&field, self.value(&field, person));
            }
        }
        event
    }

    fn value(&mut self, field: &FieldDescriptor, person: Uuid) -> Value {
        if field.name() == "user_id" && self.random.random_bool(0.9) {
            return Value::String(person.to_string());
        }
        let random = &mut self.random;
        match field.kind() {
            Kind::String => Value::String(self.text(person)),
            Kind::Bytes => Value::Bytes(vec![0xff; self.length()].into()),
            Kind::Bool => Value::Bool(random.random()),
            Kind::Enum(_) => {
                Value::EnumNumber(*[i32::MIN, -1, 0, 1, 2, 3, 99, i32::MAX].choose(random).unwrap())
            }
            Kind::Double => {
                Value::F64(*[f64::NAN, f64::INFINITY, f64::MIN, -0.0, 1.5, 1e308].choose(random).unwrap())
            }
            Kind::Float => Value::F32(*[f32::NAN, f32::INFINITY, f32::MIN, 1.5].choose(random).unwrap()),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                Value::I32(*[i32::MIN, -1, 0, 1, i32::MAX].choose(random).unwrap())
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                Value::I64(*[i64::MIN, -1, 0, 1, i64::MAX].choose(random).unwrap())
            }
            Kind::Uint32 | Kind::Fixed32 => Value::U32(*[0, 1, u32::MAX].choose(random).unwrap()),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(*[0, 1, u64::MAX].choose(random).unwrap()),
            Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
                let mut known = DynamicMessage::new(message);
                known.merge(self.time().encode_to_vec().as_slice()).unwrap();
                Value::Message(known)
            }
            Kind::Message(message) => Value::Message(self.message(&message, person)),
        }
    }

    fn text(&mut self, person: Uuid) -> String {
        match self.random.random_range(0..8) {
            0 => person.to_string(),
            1 => person.urn().to_string(),
            2 => "x".repeat(self.length()),
            // Counted in bytes it is four times as long as in characters.
            3 => "🏋".repeat(self.length() / 4),
            _ => (*TEXTS.choose(&mut self.random).unwrap()).to_owned(),
        }
    }

    fn length(&mut self) -> usize {
        let lengths: &[usize] = if self.random.random_bool(0.02) { &LONG } else { &LENGTHS };
        *lengths.choose(&mut self.random).unwrap()
    }

    fn time(&mut self) -> Timestamp {
        let seconds = [
            i64::MIN,
            -62_135_596_801,
            -1,
            0,
            Utc::now().timestamp(),
            Utc::now().timestamp(),
            253_370_764_799,
            253_370_764_800,
            253_402_300_799,
            253_402_300_800,
            8_210_266_876_799,
            i64::MAX,
        ];
        let nanos = [i32::MIN, -1, 0, 0, 999_999_999, 1_000_000_000, i32::MAX];
        let random = &mut self.random;
        Timestamp { seconds: *seconds.choose(random).unwrap(), nanos: *nanos.choose(random).unwrap() }
    }
}

/// The types of events that these topics carry.
pub(crate) fn event_types(topics: &[&str]) -> Vec<MessageDescriptor> {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).unwrap();
    pool.all_messages().filter(|message| topics.contains(&topic(message).as_str())).collect()
}

fn topic(message: &MessageDescriptor) -> String {
    let topic = message.parent_pool().get_extension_by_name("fitness.options.v1.topic").unwrap();
    message.options().get_extension(&topic).as_str().unwrap_or_default().to_owned()
}
