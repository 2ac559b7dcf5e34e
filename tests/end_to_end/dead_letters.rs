//! What cannot be handled is kept, can be read by an admin, and does not hold anything up.

use std::time::Duration;

use eventbus::{Envelope, EventSigner, Publisher as _, TraceContext};

use eventbus_kafka::{KafkaConfig, KafkaPublisher};
use prost::Message as _;
use serde_json::json;

use crate::harness::{Account, Options, Person, System, eventually, http};

const LIMIT: Duration = Duration::from_secs(30);

/// The key of RFC 8410, section 10.3.
const EVENT_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";

/// Publishes a record as another release of user-svc could.
async fn publish(system: &System, event_type: &str, key: &str, payload: &[u8]) {
    let signer = Some(EventSigner::from_pem(EVENT_KEY).unwrap());
    let kafka = KafkaConfig { signer, ..KafkaConfig::new(system.kafka(), "another-release") };
    let envelope = Envelope {
        id: uuid::Uuid::now_v7(),
        event_type: event_type.to_owned(),
        source: "user-svc".to_owned(),
        subject: key.to_owned(),
        time: chrono::Utc::now(),
        topic: "fitness.user.events".to_owned(),
        key: key.to_owned(),
        payload: payload.to_vec().into(),
        trace: TraceContext::default(),
    };
    let published = KafkaPublisher::new(&kafka).unwrap().publish(&[envelope]).await;
    assert!(published.iter().all(Result::is_ok), "{published:?}");
}

#[tokio::test]
async fn undecodable_events_become_dead_letters_unknown_ones_are_counted_and_mail_goes_on() {
    let account = Account::new("en");
    let environment =
        vec![("ADMIN_EMAIL", account.email.clone()), ("USER_SVC_EVENT_KEY", EVENT_KEY.to_owned())];
    let system = System::start(Options { environment, ..Options::default() }).await;
    let admin = Person::join_as(system.api(), system.inbox(), account).await;

    publish(&system, "fitness.user.v1.EmailVerified", &admin.user_id, b"\xff\xff\xff not protobuf").await;
    publish(&system, "fitness.user.v1.SomethingNewer", &admin.user_id, b"").await;
    let malformed = fitness_proto::fitness::user::v1::EmailVerified {
        user_id: "not-an-id".to_owned(),
        verify_time: None,
    };
    publish(&system, "fitness.user.v1.EmailVerified", "not-an-id", &malformed.encode_to_vec()).await;

    // Mail behind the broken records still goes out.
    let person = Person::join(&system, "en").await;
    drop(person);

    let letters = eventually("the dead letters of notify-svc", LIMIT, || async {
        let (status, page) =
            admin.call("GET", "/v1/admin/dead_letters?consumer_group=notify-svc", None).await;
        assert!(status == 200 || status == 403, "{status} {page}");
        let letters = page["dead_letters"].as_array()?.clone();
        (letters.len() == 2).then_some(letters)
    })
    .await;
    for letter in &letters {
        assert_eq!(letter["topic"], "fitness.user.events");
        assert_eq!(letter["event_type"], "fitness.user.v1.EmailVerified");
        assert!(!letter["reason"].as_str().unwrap().is_empty());
        let path = format!("/v1/admin/dead_letters/{}", letter["dead_letter_id"].as_str().unwrap());
        assert_eq!(&admin.get(&path).await["reason"], &letter["reason"]);
    }
    let decoded = letters.iter().find(|letter| letter["key"] == "not-an-id").unwrap();
    assert_eq!(decoded["event"]["user_id"], "not-an-id");
    eventually("the unknown type is counted", LIMIT, || async {
        let metrics = http().get(system.metrics("notify-svc")).send().await.unwrap().text().await.unwrap();
        let counted = |line: &str| line.starts_with("notify_events_unknown") && !line.ends_with(" 0");
        metrics.lines().any(counted).then_some(())
    })
    .await;

    let path = format!("/v1/admin/dead_letters/{}:replay", decoded["dead_letter_id"].as_str().unwrap());
    let replayed = admin.post(&path, &json!({})).await;
    assert!(replayed["replay_time"].is_string(), "{replayed}");
    // It is as broken as before, so it comes back, and nothing was done twice.
    eventually("the letter is back", LIMIT, || async {
        let page = admin.get("/v1/admin/dead_letters?consumer_group=notify-svc").await;
        let letters = page["dead_letters"].as_array()?.clone();
        let again = letters.iter().find(|letter| letter["key"] == "not-an-id")?;
        assert_eq!((letters.len(), again["replays"].as_i64()), (2, Some(1)), "{page}");
        Some(())
    })
    .await;
}
