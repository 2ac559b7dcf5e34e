//! Events that nobody of ours would write, of every type, beside good ones: each is a dead letter or harmless, the good
//! ones are taken in, and no list breaks.

use chassis::foreign::moment;
use chrono::{DateTime, Utc};
use eventbus::{Envelope, Outcome, TraceContext};
use fitness_proto::DESCRIPTOR_SET;
use fitness_proto::fitness::notify::v1::{
    GetNotificationRequest, ListNotificationsRequest, SearchNotificationsRequest,
};
use fitness_proto::fitness::user::v1::EmailVerified;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use prost_types::Timestamp;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

use crate::service::{Service, of, of_admin};
use crate::stage::{Person, Stage, registered, verified};

/// Of every type.
const EACH: usize = 50;

fn event_types() -> Vec<MessageDescriptor> {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).unwrap();
    let topic = pool.get_extension_by_name("fitness.options.v1.topic").unwrap();
    let on_topic = |message: &MessageDescriptor| {
        let on = message.options().get_extension(&topic).as_str().unwrap_or_default().to_owned();
        notify_svc::events::TOPICS.contains(&on.as_str())
    };
    pool.all_messages().filter(on_topic).collect()
}

fn text(random: &mut StdRng, person: Uuid) -> String {
    let long = "x".repeat(70_000);
    let texts = [
        "",
        "\0",
        "a\0b",
        "\u{202e}",
        "🏋",
        "2026-11-16",
        "9999-12-31",
        "-262143-01-01",
        "+262142-12-31",
        "a@b.example",
        "not a zone",
        "=?utf-8?q?=0a?=",
        long.as_str(),
    ];
    match random.random_range(0..4) {
        0 => person.to_string(),
        1 => person.urn().to_string(),
        _ => (*texts.choose(random).unwrap()).to_owned(),
    }
}

fn time(random: &mut StdRng) -> Timestamp {
    let seconds = [
        i64::MIN,
        -62_135_596_801,
        -1,
        0,
        Utc::now().timestamp(),
        253_370_764_799,
        253_370_764_800,
        253_402_300_799,
        253_402_300_800,
        8_210_266_876_799,
        i64::MAX,
    ];
    let nanos = [i32::MIN, -1, 0, 999_999_999, 1_000_000_000, 1_999_999_999, i32::MAX];
    Timestamp { seconds: *seconds.choose(random).unwrap(), nanos: *nanos.choose(random).unwrap() }
}

fn value(field: &FieldDescriptor, random: &mut StdRng, person: Uuid) -> Value {
    if field.name() == "user_id" && random.random_bool(0.9) {
        return Value::String(person.to_string());
    }
    match field.kind() {
        Kind::String => Value::String(text(random, person)),
        Kind::Bytes => Value::Bytes(vec![0xff; *[0, 1, 24, 100_000].choose(random).unwrap()].into()),
        Kind::Bool => Value::Bool(random.random()),
        Kind::Enum(_) => Value::EnumNumber(*[i32::MIN, -1, 0, 1, 2, 99, i32::MAX].choose(random).unwrap()),
        Kind::Double => Value::F64(*[f64::NAN, f64::INFINITY, f64::MIN, -0.0, 1e308].choose(random).unwrap()),
        Kind::Float => Value::F32(*[f32::NAN, f32::INFINITY, f32::MIN].choose(random).unwrap()),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            Value::I32(*[i32::MIN, 0, i32::MAX].choose(random).unwrap())
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            Value::I64(*[i64::MIN, 0, i64::MAX].choose(random).unwrap())
        }
        Kind::Uint32 | Kind::Fixed32 => Value::U32(u32::MAX),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(u64::MAX),
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            let mut known = DynamicMessage::new(message);
            known.merge(time(random).encode_to_vec().as_slice()).unwrap();
            Value::Message(known)
        }
        Kind::Message(message) => Value::Message(generated(&message, random, person)),
    }
}

fn generated(message: &MessageDescriptor, random: &mut StdRng, person: Uuid) -> DynamicMessage {
    let mut event = DynamicMessage::new(message.clone());
    for field in message.fields() {
        if field.is_list() {
            let count = *[0, 1, 3, 200].choose(random).unwrap();
            let items = (0..count).map(|_| value(&field, random, person)).collect();
            event.set_field(&field, Value::List(items));
        } else if random.random_bool(0.85) {
            event.set_field(&field, value(&field, random, person));
        }
    }
    event
}

fn hostile(message: &MessageDescriptor, random: &mut StdRng, person: Uuid) -> Envelope {
    let mut payload = generated(message, random, person).encode_to_vec();
    if random.random_bool(0.05) {
        payload.truncate(payload.len() / 2);
    }
    let moments = [
        Utc::now(),
        moment(Some(Timestamp { seconds: 253_370_764_799, nanos: 0 })).unwrap(),
        DateTime::UNIX_EPOCH,
        DateTime::<Utc>::MAX_UTC,
        DateTime::<Utc>::MIN_UTC,
    ];
    let trace = TraceContext::default();
    let mut envelope = Envelope::new(
        &EmailVerified::default(),
        Uuid::now_v7(),
        "x",
        *moments.choose(random).unwrap(),
        trace,
    );
    message.full_name().clone_into(&mut envelope.event_type);
    envelope.payload = payload.into();
    envelope.key = person.to_string();
    envelope
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_events_of_every_type_are_dead_letters_or_harmless_and_good_ones_beside_them_arrive() {
    let service = Service::start_on(Stage::new().await, None).await;
    let stage = &service.stage;
    let types = event_types();
    assert!(types.len() >= 20, "only {} types", types.len());
    // Reproducible; a failure names the event.
    let mut random = StdRng::seed_from_u64(8);
    let victims = stage.people(types.len(), "en").await;
    let mut events = Vec::new();
    for (message, victim) in types.iter().zip(&victims) {
        for _ in 0..EACH {
            events.push((message.full_name().to_owned(), hostile(message, &mut random, victim.user_id)));
        }
    }
    assert!(events.len() >= 1_000);
    let mut good = Vec::new();
    for batch in events.chunks(100) {
        let user_id = Uuid::now_v7();
        let person = Person { user_id, email: format!("{}@example.org", user_id.simple()) };
        let mut envelopes = vec![registered(&person, "en")];
        envelopes.extend(batch.iter().map(|(_, envelope)| envelope.clone()));
        envelopes.push(verified(&person));
        let outcomes = stage.take(&envelopes).await;
        assert_eq!((&outcomes[0], outcomes.last().unwrap()), (&Outcome::Done, &Outcome::Done));
        for ((name, _), outcome) in batch.iter().zip(&outcomes[1..]) {
            assert!(!matches!(outcome, Outcome::Retry(_)), "{name} would be repeated for ever: {outcome:?}");
        }
        good.push(person);
    }
    for person in &good {
        assert_eq!(stage.mailbox.wait_for(&person.email, 1, crate::stage::LIMIT).await.len(), 1);
    }
    for victim in &victims {
        let request = ListNotificationsRequest { page_size: 100, ..Default::default() };
        let Ok(listed) = service.people.clone().list_notifications(of(victim, request)).await else {
            // Only who was deleted by such an event is told to go.
            assert_eq!(erased(stage, victim).await, 1);
            continue;
        };
        for notification in listed.into_inner().notifications.iter().take(3) {
            let request = GetNotificationRequest { notification_id: notification.notification_id.clone() };
            service.people.clone().get_notification(of(victim, request)).await.unwrap();
        }
    }
    let mut request = SearchNotificationsRequest { page_size: 100, ..Default::default() };
    loop {
        let page = service
            .admins
            .clone()
            .search_notifications(of_admin(request.clone()))
            .await
            .unwrap()
            .into_inner();
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    service.stop().await;
}

async fn erased(stage: &Stage, person: &Person) -> i64 {
    let query = "SELECT count(*) FROM erased_accounts WHERE user_id = $1";
    sqlx::query_scalar(query).bind(person.user_id).fetch_one(&stage.pool).await.unwrap()
}
