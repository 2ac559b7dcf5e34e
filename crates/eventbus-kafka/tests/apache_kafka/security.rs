//! The secured listeners, and what people read when the two sides do not accept each other.

use std::path::PathBuf;

use embedded::apache_kafka::{ApacheKafka, Config, Listener, Secured};
use eventbus::conformance;
use eventbus::{BusState, ConsumerConfig, Delivery, Handler, Outcome, TopicSpec};
use eventbus_kafka::conformance::KafkaBus;
use eventbus_kafka::{
    Credentials, KafkaConfig, KafkaConsumer, KafkaPublisher, SaslMechanism, Security, SecurityProtocol,
    create_topics,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::LIMIT;
use crate::certificates::Authority;

const USER: &str = "fitness";
const PASSWORD: &str = "correct-horse-battery";
const WRONG: &str = "wrong-horse-battery";

struct SecuredBroker {
    broker: ApacheKafka,
    ca_file: PathBuf,
    _folder: TempDir,
}

/// A broker whose certificate is made out to `name`.
async fn secured_broker(name: &str) -> SecuredBroker {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let secured =
        Secured { key_store: authority.key_store(name), users: vec![(USER.to_owned(), PASSWORD.to_owned())] };
    let broker = crate::start(Config { secured: Some(secured), ..Config::default() }).await;
    SecuredBroker { broker, ca_file: authority.ca_file(), _folder: folder }
}

impl SecuredBroker {
    fn ssl(&self) -> KafkaConfig {
        let security = Security {
            protocol: SecurityProtocol::Ssl,
            credentials: None,
            ca_file: Some(self.ca_file.clone()),
        };
        self.client(Listener::Ssl, security)
    }

    fn sasl(&self, listener: Listener, mechanism: SaslMechanism, password: &str) -> KafkaConfig {
        let protocol = match listener {
            Listener::Ssl => SecurityProtocol::Ssl,
            Listener::SaslPlaintext => SecurityProtocol::SaslPlaintext,
            Listener::SaslSsl => SecurityProtocol::SaslSsl,
        };
        let credentials = Credentials { mechanism, username: USER.to_owned(), password: password.into() };
        let ca_file = protocol.uses_tls().then(|| self.ca_file.clone());
        self.client(listener, Security { protocol, credentials: Some(credentials), ca_file })
    }

    fn client(&self, listener: Listener, security: Security) -> KafkaConfig {
        let brokers = self.broker.secured_addr(listener).to_string();
        KafkaConfig { security, ..KafkaConfig::new(&brokers, "security") }
    }
}

async fn round_trip(kafka: KafkaConfig) {
    let bus = KafkaBus::with_config(kafka);
    // A consumer, a publisher, and by the dead letters an administrative client and a second producer.
    conformance::a_rejected_record_becomes_a_dead_letter(&bus).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_gets_through_every_secured_listener() {
    let secured = secured_broker("127.0.0.1").await;
    round_trip(secured.ssl()).await;
    for listener in [Listener::SaslPlaintext, Listener::SaslSsl] {
        for mechanism in [SaslMechanism::Plain, SaslMechanism::ScramSha256, SaslMechanism::ScramSha512] {
            round_trip(secured.sasl(listener, mechanism, PASSWORD)).await;
        }
    }
}

async fn why_down(mut state: watch::Receiver<BusState>) -> String {
    let down = tokio::time::timeout(LIMIT, state.wait_for(|state| matches!(state, BusState::Down(_)))).await;
    match &*down.expect("the trouble shows in time").unwrap() {
        BusState::Down(reason) => reason.clone(),
        other => unreachable!("{other:?} was not waited for"),
    }
}

/// Handles what never comes.
struct Nothing;

impl Handler for Nothing {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        unreachable!("{batch:?} came from a topic that does not exist")
    }
}

/// Publisher, consumer and administrative client all name the trouble, and none of them a password.
async fn is_told(kafka: &KafkaConfig, trouble: &str) {
    let publisher = KafkaPublisher::new(kafka).unwrap();
    let told = why_down(publisher.state()).await;
    assert!(told.contains(trouble) && !told.contains(WRONG), "{told}");

    let consumer = KafkaConsumer::new(kafka, ConsumerConfig::new("told", &["told"])).unwrap();
    let (state, shutdown) = (consumer.state(), CancellationToken::new());
    let running = tokio::spawn(consumer.run(Nothing, shutdown.clone()));
    let told = why_down(state).await;
    assert!(told.contains(trouble) && !told.contains(WRONG), "{told}");
    shutdown.cancel();
    running.await.unwrap().expect("a member that never joined leaves in time");

    let topic = TopicSpec { name: "told".to_owned(), partitions: 1, replication: 1 };
    let told = create_topics(kafka, &[topic]).await.unwrap_err().to_string();
    assert!(told.contains(trouble) && !told.contains(WRONG), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_as_such() {
    let secured = secured_broker("127.0.0.1").await;
    for mechanism in [SaslMechanism::Plain, SaslMechanism::ScramSha256, SaslMechanism::ScramSha512] {
        is_told(&secured.sasl(Listener::SaslSsl, mechanism, WRONG), "uthentication failed").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_of_an_unknown_authority_is_told_as_such() {
    let secured = secured_broker("127.0.0.1").await;
    let folder = tempfile::tempdir().unwrap();
    let mut kafka = secured.sasl(Listener::SaslSsl, SaslMechanism::ScramSha512, PASSWORD);
    kafka.security.ca_file = Some(Authority::new(folder.path()).ca_file());
    is_told(&kafka, "certificate verify failed").await;
    kafka.security.ca_file = None;
    is_told(&kafka, "certificate verify failed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_with_a_certificate_for_another_host_is_told_as_such() {
    let secured = secured_broker("kafka.example.org").await;
    is_told(&secured.ssl(), "certificate verify failed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_client_at_a_secured_listener_is_told_to_look_at_its_protocol() {
    let secured = secured_broker("127.0.0.1").await;
    let brokers = secured.broker.secured_addr(Listener::Ssl).to_string();
    is_told(&KafkaConfig::new(&brokers, "security"), "security protocol").await;
}
