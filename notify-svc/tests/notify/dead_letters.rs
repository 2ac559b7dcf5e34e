//! Dead letters of all services: collected, read, put back.

use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use eventbus::{Envelope, OriginalRecord, Position, Publisher as _, RecordHeader};
use eventbus_kafka::KafkaPublisher;
use fitness_proto::fitness::notify::v1::{
    DeadLetter, GetDeadLetterRequest, ListDeadLettersRequest, ReplayDeadLetterRequest,
    ReplayDeadLettersRequest,
};
use fitness_proto::fitness::user::v1::{CodePurpose, OneTimeCodeIssued, UserRegistered};
use prost_types::value::Kind;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::people_events::{deleted, signed_in};
use crate::service::{Service, of_admin, reason};
use crate::stage::{LIMIT, Person, envelope, eventually, registered, verified};

async fn list_of(service: &Service, request: ListDeadLettersRequest) -> Vec<DeadLetter> {
    service.admins.clone().list_dead_letters(of_admin(request)).await.unwrap().into_inner().dead_letters
}

async fn list(service: &Service) -> Vec<DeadLetter> {
    list_of(service, ListDeadLettersRequest::default()).await
}

async fn get(service: &Service, id: &str) -> DeadLetter {
    let request = of_admin(GetDeadLetterRequest { dead_letter_id: id.to_owned() });
    service.admins.clone().get_dead_letter(request).await.unwrap().into_inner().dead_letter.unwrap()
}

async fn replay(service: &Service, id: &str, force: bool) -> Result<DeadLetter, Status> {
    let request = of_admin(ReplayDeadLetterRequest { dead_letter_id: id.to_owned(), force });
    Ok(service.admins.clone().replay_dead_letter(request).await?.into_inner().dead_letter.unwrap())
}

/// Waits until so many letters are listed.
async fn wait_for_letters(service: &Service, count: usize) -> Vec<DeadLetter> {
    assert!(eventually(async || list(service).await.len() == count).await, "{:#?}", list(service).await);
    list(service).await
}

/// A service whose topics are there.
async fn start() -> Service {
    let service = Service::start_with_broker().await;
    let stage = &service.stage;
    let probe = Person { user_id: Uuid::now_v7(), email: "probe@example.org".to_owned() };
    service.publish(&[registered(&probe, "en")]).await;
    let known = async || {
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM recipients WHERE user_id = $1")
            .bind(probe.user_id)
            .fetch_one(&stage.pool)
            .await
            .unwrap();
        found == 1
    };
    assert!(eventually(known).await);
    service
}

/// An event that this service refuses: a code for nothing in particular.
fn refused(person: &Person) -> Envelope {
    envelope(&OneTimeCodeIssued {
        user_id: person.user_id.to_string(),
        purpose: CodePurpose::Unspecified.into(),
        ..OneTimeCodeIssued::default()
    })
}

/// Publishes an event and buries it as the consumer of another service does. Answers where it lies.
async fn bury(service: &Service, group: &str, event: &Envelope) -> Position {
    let publisher = KafkaPublisher::new(&service.kafka).unwrap();
    let results = tokio::time::timeout(LIMIT, publisher.publish(std::slice::from_ref(event))).await;
    let lies = results.unwrap()[0].as_ref().unwrap().position.unwrap();
    bury_at(service, group, event, lies).await;
    lies
}

/// A dead letter that says its record lies there. Its headers are those of a publisher.
async fn bury_at(service: &Service, group: &str, event: &Envelope, lies: Position) {
    let header = |name: &str, value: &str| RecordHeader {
        name: name.to_owned(),
        value: Some(value.as_bytes().to_vec().into()),
    };
    let record = OriginalRecord {
        key: Some(event.key.clone().into_bytes().into()),
        payload: Some(event.payload.clone()),
        timestamp_ms: Some(event.time.timestamp_millis()),
        headers: vec![
            header("ce_specversion", "1.0"),
            header("ce_id", &event.id.to_string()),
            header("ce_type", &event.event_type),
            header("ce_source", &event.source),
            header("ce_subject", &event.subject),
            header("ce_time", &event.time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            header("content-type", "application/protobuf"),
            header("traceparent", event.trace.traceparent.as_deref().unwrap()),
            header("__fitness.errors.group", group),
            header("__fitness.errors.topic", &event.topic),
            header("__fitness.errors.partition", &lies.partition().to_string()),
            header("__fitness.errors.offset", &lies.offset().to_string()),
            header("__fitness.errors.reason", "retries_exhausted"),
            header("__fitness.errors.attempts", "7"),
            header("__fitness.errors.message", "the planets were not in line"),
        ],
    };
    let publisher = KafkaPublisher::new(&service.kafka).unwrap();
    let topic = format!("{group}.dead-letters");
    let records = [(topic.as_str(), &record)];
    for result in tokio::time::timeout(LIMIT, publisher.repeat(&records)).await.unwrap() {
        result.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_service_refuses_is_listed_decoded_and_a_replay_brings_it_back() {
    let service = start().await;
    let person = service.stage.person("en").await;
    let event = refused(&person);
    service.publish(std::slice::from_ref(&event)).await;
    let letter = wait_for_letters(&service, 1).await.remove(0);
    assert_eq!((letter.consumer_group.as_str(), letter.reason.as_str()), ("notify-svc", "rejected"));
    assert_eq!(
        (letter.topic.as_str(), letter.message.as_str()),
        (event.topic.as_str(), "purpose is missing or malformed")
    );
    assert_eq!((letter.event_id.as_str(), letter.attempts), (event.id.to_string().as_str(), 1));
    assert_eq!(letter.key, person.user_id.to_string());
    let fields_of = letter.event.as_ref().unwrap();
    assert_eq!(fields_of.fields["user_id"].kind, Some(Kind::StringValue(person.user_id.to_string())));

    // It is refused again, which shows: it is not replayed any more, but was once.
    let replayed = replay(&service, &letter.dead_letter_id, false).await.unwrap();
    assert_eq!((replayed.replays, replayed.replay_time.is_some()), (1, true));
    let came_back = async || {
        let letter = get(&service, &letter.dead_letter_id).await;
        letter.replay_time.is_none() && letter.offset != replayed.offset
    };
    assert!(eventually(came_back).await);
    assert_eq!(get(&service, &letter.dead_letter_id).await.event_id, event.id.to_string());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_another_service_is_put_back_byte_by_byte_and_handled_once() {
    let service = start().await;
    let stage = &service.stage;
    let person = stage.person("en").await;
    let event = signed_in(&person, "Firefox on Linux", true);
    let lies = bury(&service, "user-svc", &event).await;
    // Delivered twice, as brokers may.
    bury_at(&service, "user-svc", &event, lies).await;
    let letter = wait_for_letters(&service, 1).await.remove(0);
    assert_eq!((letter.partition, letter.offset, letter.attempts), (lies.partition(), lies.offset(), 7));
    assert_eq!(letter.message, "the planets were not in line");

    replay(&service, &letter.dead_letter_id, false).await.unwrap();
    assert_eq!(stage.mailbox.wait_for(&person.email, 1, LIMIT).await.len(), 1);
    let event_id: Uuid = sqlx::query_scalar("SELECT event_id FROM notifications WHERE user_id = $1")
        .bind(person.user_id)
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!(event_id, event.id);

    // The second time has to be meant, and is harmless.
    let status = replay(&service, &letter.dead_letter_id, false).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "WRONG_STATE"));
    assert_eq!(replay(&service, &letter.dead_letter_id, true).await.unwrap().replays, 2);
    let after = Person { user_id: person.user_id, email: person.email.clone() };
    service.publish(&[verified(&after)]).await;
    let mails = stage.mailbox.wait_for(&person.email, 2, LIMIT).await;
    assert_eq!(mails[1].subject(), "Welcome to Fitness Trainer");
    assert_eq!(stage.mailbox.messages_to(&person.email).len(), 2);
    assert_eq!(list(&service).await.len(), 0);
    let all = ListDeadLettersRequest { include_replayed: true, ..ListDeadLettersRequest::default() };
    assert_eq!(list_of(&service, all).await.len(), 1);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_masked_and_junk_is_listed_without_an_event() {
    let service = start().await;
    let person = Person { user_id: Uuid::now_v7(), email: "ann@example.org".to_owned() };
    let registration = envelope(&UserRegistered {
        user_id: person.user_id.to_string(),
        email: person.email.clone(),
        ..UserRegistered::default()
    });
    bury(&service, "workout-svc", &registration).await;
    let junk = OriginalRecord {
        key: Some(b"k\xff".to_vec().into()),
        payload: Some(b"{}".to_vec().into()),
        timestamp_ms: None,
        headers: Vec::new(),
    };
    let publisher = KafkaPublisher::new(&service.kafka).unwrap();
    for topic in ["fitness.user.events", "user-svc.dead-letters"] {
        for result in publisher.repeat(&[(topic, &junk)]).await {
            result.unwrap();
        }
    }
    let letters = wait_for_letters(&service, 3).await;
    let shown = format!("{letters:?}");
    assert!(!shown.contains("ann@example.org") && shown.contains("a…@example.org"), "{shown}");
    let undecodable = letters.iter().find(|letter| letter.reason == "undecodable").unwrap();
    assert!(undecodable.event.is_none() && undecodable.event_type.is_empty());
    assert_eq!((undecodable.topic.as_str(), undecodable.size_bytes), ("fitness.user.events", 2));
    // What lies on a dead-letter topic without a word of where it came from stays there.
    let foreign = letters.iter().find(|letter| letter.topic.is_empty()).unwrap();
    let status = replay(&service, &foreign.dead_letter_id, true).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "WRONG_STATE"));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_letters_are_put_back_by_group_and_type() {
    let service = start().await;
    let stage = &service.stage;
    let people = stage.people(3, "en").await;
    for person in &people {
        bury(&service, "user-svc", &signed_in(person, "Firefox on Linux", true)).await;
        bury(&service, "workout-svc", &verified(person)).await;
    }
    wait_for_letters(&service, 6).await;
    let replay_many = async |group: &str, event_type: &str| {
        let request =
            ReplayDeadLettersRequest { consumer_group: group.to_owned(), event_type: event_type.to_owned() };
        service.admins.clone().replay_dead_letters(of_admin(request)).await.unwrap().into_inner()
    };
    assert_eq!(replay_many("nobody", "").await.replayed, 0);
    assert_eq!(replay_many("user-svc", "fitness.user.v1.EmailVerified").await.replayed, 0);
    let answer = replay_many("user-svc", "").await;
    assert_eq!((answer.replayed, answer.failed, answer.more), (3, 0, false));
    assert_eq!(replay_many("", "").await.replayed, 3);
    assert_eq!(replay_many("", "").await.replayed, 0);
    assert!(eventually(async || stage.count("state = 'sent'").await == 6).await);
    assert_eq!(list(&service).await.len(), 0);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_page_newest_first_and_go_with_their_person() {
    let service = start().await;
    let people = service.stage.people(5, "en").await;
    for person in &people {
        bury(&service, "user-svc", &verified(person)).await;
    }
    // By the place of their person.
    let places = |letters: &[DeadLetter]| -> Vec<usize> {
        let place =
            |letter: &DeadLetter| people.iter().position(|person| person.user_id.to_string() == letter.key);
        letters.iter().map(|letter| place(letter).unwrap()).collect()
    };
    let all = wait_for_letters(&service, 5).await;
    assert_eq!(places(&all), [4, 3, 2, 1, 0]);
    let request = ListDeadLettersRequest { page_size: 2, ..ListDeadLettersRequest::default() };
    let page =
        service.admins.clone().list_dead_letters(of_admin(request.clone())).await.unwrap().into_inner();
    assert_eq!(places(&page.dead_letters), [4, 3]);
    let next = ListDeadLettersRequest { page_token: page.next_page_token, ..request };
    assert_eq!(places(&list_of(&service, next).await)[0], 2);

    service.publish(&[deleted(&people[2])]).await;
    assert_eq!(places(&wait_for_letters(&service, 4).await), [4, 3, 1, 0]);
    // What comes after the deletion is not stored either.
    bury(&service, "user-svc", &verified(&people[2])).await;
    bury(&service, "user-svc", &verified(&people[3])).await;
    assert_eq!(places(&wait_for_letters(&service, 5).await), [3, 4, 3, 1, 0]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_a_replay_is_refused_and_nothing_is_marked() {
    let mut service = start().await;
    let person = service.stage.person("en").await;
    bury(&service, "user-svc", &verified(&person)).await;
    let letter = wait_for_letters(&service, 1).await.remove(0);
    service.broker.take().unwrap().stop().await;
    let started = Utc::now();
    let status = replay(&service, &letter.dead_letter_id, false).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!((Utc::now() - started).to_std().unwrap() < Duration::from_secs(10));
    let after = get(&service, &letter.dead_letter_id).await;
    assert_eq!((after.replays, after.replay_time), (0, None));
    let request = of_admin(ReplayDeadLettersRequest::default());
    let many = service.admins.clone().replay_dead_letters(request).await;
    assert!(many.is_err_and(|status| status.code() == Code::Unavailable));
    assert_eq!(list(&service).await.len(), 1);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_letter_loses_its_claims_and_cannot_be_replayed() {
    let service = start().await;
    let people = service.stage.people(2, "en").await;
    let genuine = verified(&people[0]);
    let lies = bury(&service, "user-svc", &genuine).await;
    // Another record at a place where one lies, a place where none lies, a partition and a topic that nobody has.
    let forged = deleted(&people[1]);
    bury_at(&service, "user-svc", &forged, lies).await;
    let nowhere = Position::new(lies.partition(), 1_000_000);
    bury_at(&service, "user-svc", &deleted(&people[1]), nowhere).await;
    bury_at(&service, "user-svc", &deleted(&people[1]), Position::new(99, lies.offset())).await;
    let elsewhere = Envelope { topic: "user-svc.dead-letters".to_owned(), ..deleted(&people[1]) };
    bury_at(&service, "user-svc", &elsewhere, Position::new(0, 0)).await;
    let letters = wait_for_letters(&service, 5).await;
    for letter in &letters {
        if letter.event_id == genuine.id.to_string() {
            assert_eq!(
                (letter.consumer_group.as_str(), letter.reason.as_str()),
                ("user-svc", "retries_exhausted")
            );
            continue;
        }
        assert_eq!(
            (letter.consumer_group.as_str(), letter.topic.as_str(), letter.reason.as_str()),
            ("", "", "")
        );
        assert_eq!(letter.message, "no such record lies where this letter says it came from");
        let status = replay(&service, &letter.dead_letter_id, true).await.unwrap_err();
        assert_eq!(reason(&status), "WRONG_STATE");
    }
    let request = of_admin(ReplayDeadLettersRequest::default());
    let many = service.admins.clone().replay_dead_letters(request).await.unwrap().into_inner();
    assert_eq!((many.replayed, many.more), (1, false));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_any_shape_are_collected_and_listed() {
    let service = start().await;
    let person = service.stage.person("en").await;
    let publisher = KafkaPublisher::new(&service.kafka).unwrap();
    let header =
        |name: &str, value: Vec<u8>| RecordHeader { name: name.to_owned(), value: Some(value.into()) };
    let roles =
        vec![0x12, 0xff, 0xff, 0x03].into_iter().chain(std::iter::repeat_n(1, 65_535)).collect::<Vec<u8>>();
    let mut shapes = Vec::new();
    for text in [b"a\0b".to_vec(), vec![0xff; 100], vec![b'x'; 300_000]] {
        for name in [
            "ce_id",
            "ce_type",
            "ce_source",
            "traceparent",
            "__fitness.errors.group",
            "__fitness.errors.topic",
            "__fitness.errors.reason",
            "__fitness.errors.message",
            "__fitness.errors.offset",
        ] {
            shapes.push((vec![header(name, text.clone())], vec![1, 2, 3], Some(1)));
        }
        shapes.push((
            vec![header("__fitness.errors.reason", b"rejected".to_vec())],
            text,
            Some(2_534_023_007_990_000),
        ));
    }
    shapes.push((vec![header("ce_type", b"fitness.user.v1.UserRolesChanged".to_vec())], roles, None));
    for (number, (headers, payload, timestamp_ms)) in shapes.iter().enumerate() {
        let record = OriginalRecord {
            key: Some(format!("k{number}\0").into_bytes().into()),
            payload: Some(payload.clone().into()),
            timestamp_ms: *timestamp_ms,
            headers: headers.clone(),
        };
        for result in publisher.repeat(&[("user-svc.dead-letters", &record)]).await {
            result.unwrap();
        }
    }
    // One after them that is well.
    bury(&service, "user-svc", &verified(&person)).await;
    let all = ListDeadLettersRequest { page_size: 100, ..ListDeadLettersRequest::default() };
    let arrived = async || list_of(&service, all.clone()).await.iter().any(|letter| letter.attempts == 7);
    assert!(eventually(arrived).await);
    let letters = list_of(&service, all.clone()).await;
    assert_eq!(letters.len(), shapes.len() + 1);
    for letter in letters {
        assert!(letter.key.len() <= 1_024 && letter.message.len() <= 4_000);
        get(&service, &letter.dead_letter_id).await;
    }
    service.stop().await;
}
