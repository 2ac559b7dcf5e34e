//! Mails that another backend asks for over the bus.

use chrono::{TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use embedded::broker::Broker;
use eventbus::{Envelope, EventSigner, Publisher as _};
use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use fitness_proto::fitness::notify::v1::{ListDeadLettersRequest, MailRequested, MailVariable};
use notify_svc::events::REQUESTS;

use crate::people_events::roles_changed;
use crate::service::{Service, of_admin};
use crate::stage::{LIMIT, Person, Stage, envelope, eventually, timestamp};

fn asked(person: &Person, variables: &[(&str, &str)]) -> Envelope {
    let variable =
        |(name, value): &(&str, &str)| MailVariable { name: (*name).into(), value: (*value).into() };
    envelope(&MailRequested {
        user_id: person.user_id.to_string(),
        template: "notice".to_owned(),
        variables: variables.iter().map(variable).collect(),
        expire_time: Some(timestamp(Utc::now() + TimeDelta::hours(1))),
    })
}

fn signer(key: u8) -> EventSigner {
    let pem = SigningKey::from_bytes(&[key; 32]).to_pkcs8_pem(LineEnding::LF).unwrap();
    EventSigner::from_pem(&pem).unwrap()
}

async fn publish(kafka: &KafkaConfig, signer: Option<EventSigner>, events: &[Envelope]) {
    let publisher = KafkaPublisher::new(&KafkaConfig { signer, ..kafka.clone() }).unwrap();
    let results = tokio::time::timeout(LIMIT, publisher.publish(events)).await;
    for result in results.expect("the broker answers in time") {
        result.unwrap();
    }
}

/// The reasons and texts of the dead letters, in alphabetical order.
async fn letters(service: &Service) -> Vec<(String, String)> {
    let request = of_admin(ListDeadLettersRequest::default());
    let answer = service.admins.clone().list_dead_letters(request).await.unwrap().into_inner();
    let mut letters: Vec<_> =
        answer.dead_letters.into_iter().map(|letter| (letter.reason, letter.message)).collect();
    letters.sort();
    letters
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_backend_gets_its_mail_sent_once_and_nobody_else_does() {
    let broker = Broker::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let service = Service::start_with(Stage::new().await, Some(broker), |config| {
        config.mail_requests = true;
        config.backend.kafka.trust(REQUESTS, signer(1).public_keys());
    })
    .await;
    let ann = service.stage.person("en").await;

    let good = asked(&ann, &[("title", "A new hall"), ("text", "From Monday on.")]);
    let incomplete = asked(&ann, &[("title", "A new hall")]);
    // A key for requests speaks for no other service.
    let mut grant = roles_changed(ann.user_id, &[], Utc::now());
    grant.topic = REQUESTS.to_owned();
    publish(&service.kafka, Some(signer(1)), &[incomplete, good.clone(), good.clone(), grant]).await;
    for stranger in [Some(signer(2)), None] {
        publish(&service.kafka, stranger, &[asked(&ann, &[("title", "Win"), ("text", "Come here.")])]).await;
    }

    let mails = service.stage.mailbox.wait_for(&ann.email, 1, LIMIT).await;
    assert_eq!(mails.len(), 1);
    assert!(eventually(async || letters(&service).await.len() == 4).await, "{:#?}", letters(&service).await);
    let letters = letters(&service).await;
    let about = |reason: &str| letters.iter().filter(|letter| letter.0 == reason).count();
    assert_eq!(about("forged"), 2, "{letters:#?}");
    assert!(
        letters.iter().any(|letter| letter.1.contains("the template notice: text is missing")),
        "{letters:#?}"
    );
    // All is read by now, the repetition included.
    assert_eq!(service.stage.count("template = 'notice'").await, 1);
    assert_eq!(service.stage.mailbox.messages_to(&ann.email).len(), 1);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_may_ask_for_five_notices_a_day_to_one_person() {
    let stage = Stage::new().await;
    let ann = stage.person("ru").await;
    let events: Vec<_> = (0..9).map(|_| asked(&ann, &[("title", "Зал"), ("text", "Новый.")])).collect();
    stage.take_all(&events).await;
    assert_eq!((stage.count("state = 'pending'").await, stage.count("state = 'skipped'").await), (5, 4));
    stage.finish().await;
}
