//! The access lists of docs/deploy/kafka.md, typed as they stand there: with them each service can do what it needs, and
//! says nothing on another's topic.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::Utc;
use embedded::apache_kafka::{ApacheKafka, Config, Listener, Secured};
use eventbus::{
    ConsumerConfig, Delivery, Envelope, Handler, Outcome, PublishError, Publisher as _, TopicSpec,
    TraceContext, dead_letter_topic,
};
use eventbus_kafka::{
    Credentials, KafkaConfig, KafkaConsumer, KafkaPublisher, SaslMechanism, Security, SecurityProtocol,
    create_topics,
};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::LIMIT;
use crate::certificates::Authority;

const RECIPES: &str = include_str!("../../../../docs/deploy/kafka.md");
const PASSWORD: &str = "correct-horse-battery";
const USER: &str = "fitness.user.events";
const WORKOUT: &str = "fitness.workout.events";
const NOTIFICATION: &str = "fitness.notification.events";
const EVENTS: [&str; 3] = [USER, WORKOUT, NOTIFICATION];
const LETTERS: [&str; 3] = ["user-svc.dead-letters", "workout-svc.dead-letters", "notify-svc.dead-letters"];

/// What a service does on Kafka.
struct Service {
    name: &'static str,
    /// Where it publishes.
    says: &'static [&'static str],
    /// Its groups and what they listen to.
    hears: &'static [(&'static str, &'static [&'static str])],
    /// Whether it puts records with its own dead letters.
    buries: bool,
}

const SERVICES: [Service; 4] = [
    Service { name: "user-svc", says: &[USER], hears: &[("user-svc", &[WORKOUT])], buries: true },
    Service { name: "workout-svc", says: &[WORKOUT], hears: &[("workout-svc", &[USER])], buries: true },
    Service {
        name: "notify-svc",
        // What it says of its own, and what it repeats of others when dead letters are replayed.
        says: &EVENTS,
        hears: &[("notify-svc", &[USER, WORKOUT]), ("notify-svc-dead-letters", &LETTERS)],
        buries: true,
    },
    Service { name: "gateway", says: &[], hears: &[("gateway-feed-7", &EVENTS)], buries: false },
];

struct Guarded {
    broker: ApacheKafka,
    folder: tempfile::TempDir,
    ca_file: PathBuf,
}

async fn guarded_broker() -> Guarded {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let users = SERVICES.iter().map(|service| service.name).chain(["topics"]);
    let users = users.map(|name| (format!("kafka-{name}"), PASSWORD.to_owned())).collect();
    let secured = Secured { key_store: authority.key_store("127.0.0.1"), users };
    let authorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    let properties = [
        ("authorizer.class.name", authorizer),
        ("allow.everyone.if.no.acl.found", "false"),
        // The broker itself and the operator come by the plain listeners, where nobody has a name.
        ("super.users", "User:ANONYMOUS"),
    ];
    let properties = properties.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    assert!(RECIPES.contains(&format!("authorizer.class.name={authorizer}")));
    assert!(RECIPES.contains("allow.everyone.if.no.acl.found=false"));
    let broker = crate::start(Config { secured: Some(secured), properties, ..Config::default() }).await;
    Guarded { broker, ca_file: authority.ca_file(), folder }
}

impl Guarded {
    /// Types the recipes.
    fn follow_recipes(&self) {
        let recipe = RECIPES.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
        let command = self.broker.command("org.apache.kafka.tools.AclCommand");
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        let tool = self.folder.path().join("kafka-acls.sh");
        fs::write(&tool, format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "))).unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(self.folder.path().join("admin.properties"), "").unwrap();
        let path = std::env::var("PATH").unwrap();
        let typed = std::process::Command::new("sh")
            .args(["-euc", recipe])
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.folder.path().display()))
            .env("KAFKA", self.broker.addr().to_string())
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&typed.stdout), String::from_utf8_lossy(&typed.stderr));
        assert!(typed.status.success() && !err.contains("rror"), "{out}\n{err}");
    }

    fn client(&self, name: &str) -> KafkaConfig {
        let credentials = Credentials {
            mechanism: SaslMechanism::ScramSha512,
            username: format!("kafka-{name}"),
            password: PASSWORD.into(),
        };
        let security = Security {
            protocol: SecurityProtocol::SaslSsl,
            credentials: Some(credentials),
            ca_file: Some(self.ca_file.clone()),
        };
        let brokers = self.broker.secured_addr(Listener::SaslSsl).to_string();
        KafkaConfig { security, ..KafkaConfig::new(&brokers, name) }
    }

    /// A client that shows what the ones of this crate only log.
    fn raw(&self, name: &str) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", self.broker.secured_addr(Listener::SaslSsl).to_string())
            .set("security.protocol", "sasl_ssl")
            .set("ssl.ca.location", self.ca_file.to_str().unwrap())
            .set("sasl.mechanism", "SCRAM-SHA-512")
            .set("sasl.username", format!("kafka-{name}"))
            .set("sasl.password", PASSWORD);
        client
    }
}

fn topic(name: &str) -> TopicSpec {
    TopicSpec { name: name.to_owned(), partitions: 1, replication: 1 }
}

async fn says(publisher: &KafkaPublisher, topic: &str) -> Result<(), PublishError> {
    let envelope = Envelope {
        id: Uuid::now_v7(),
        event_type: "fitness.user.v1.UserRegistered".to_owned(),
        source: "test".to_owned(),
        subject: "somebody".to_owned(),
        time: Utc::now(),
        topic: topic.to_owned(),
        key: "somebody".to_owned(),
        payload: Bytes::from_static(b"hello"),
        trace: TraceContext::default(),
    };
    let publishing = publisher.publish(std::slice::from_ref(&envelope));
    let mut answers = tokio::time::timeout(LIMIT, publishing).await.expect("the broker says yes or no");
    answers.remove(0).map(drop)
}

/// Rejects whatever comes, and tells of it.
struct Rejecting(Arc<Notify>);

impl Handler for Rejecting {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        self.0.notify_one();
        vec![Outcome::Reject("as the test wants".to_owned()); batch.len()]
    }
}

/// Hears one record in a group of the service.
async fn hears(kafka: &KafkaConfig, group: &str, topic: &str) {
    // Reads whatever lies there from the oldest on, and buries nothing.
    let config = ConsumerConfig::collector(group, &[topic]);
    let heard = Arc::new(Notify::new());
    let (consumer, shutdown) = (KafkaConsumer::new(kafka, config).unwrap(), CancellationToken::new());
    let running = tokio::spawn(consumer.run(Heard(Arc::clone(&heard)), shutdown.clone()));
    let waited = tokio::time::timeout(LIMIT, heard.notified()).await;
    waited.unwrap_or_else(|_| panic!("{group} hears nothing on {topic}"));
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

/// Takes whatever comes, and tells of it.
struct Heard(Arc<Notify>);

impl Handler for Heard {
    async fn handle(&self, batch: &[Delivery]) -> Vec<Outcome> {
        self.0.notify_one();
        vec![Outcome::Done; batch.len()]
    }
}

/// The refusal that a member of a foreign group, or of its own on a foreign topic, meets.
fn refusal(client: &ClientConfig, group: &str, topic: &str) -> RDKafkaErrorCode {
    let mut client = client.clone();
    client.set("group.id", group).set("auto.offset.reset", "earliest");
    let consumer: BaseConsumer = client.create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let start = Instant::now();
    while start.elapsed() < LIMIT {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Err(error)) => {
                let refusals =
                    [RDKafkaErrorCode::GroupAuthorizationFailed, RDKafkaErrorCode::TopicAuthorizationFailed];
                if let Some(code) = error.rdkafka_error_code().filter(|code| refusals.contains(code)) {
                    return code;
                }
            }
            Some(Ok(_)) => panic!("{group} hears {topic}"),
            None => {}
        }
    }
    panic!("{group} is not refused {topic}")
}

fn records_on(broker: &ApacheKafka, topic: &str) -> i64 {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", broker.addr().to_string()).set("group.id", "counting");
    let consumer: BaseConsumer = client.create().unwrap();
    consumer.fetch_watermarks(topic, 0, LIMIT).unwrap().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_documented_access_lists_each_service_does_its_work_and_nobody_elses() {
    let guarded = guarded_broker().await;
    tokio::task::block_in_place(|| guarded.follow_recipes());

    // The command `topics` makes what there is.
    let all: Vec<_> = EVENTS.iter().chain(&LETTERS).map(|name| topic(name)).collect();
    create_topics(&guarded.client("topics"), &all).await.unwrap();
    for name in ["user-svc", "gateway"] {
        assert!(create_topics(&guarded.client(name), &[topic("fitness.other")]).await.is_err(), "{name}");
    }

    // Each says what is its own to say, and not a word more.
    for service in &SERVICES {
        let publisher = KafkaPublisher::new(&guarded.client(service.name)).unwrap();
        for topic in EVENTS.iter().chain(&LETTERS) {
            let own =
                service.says.contains(topic) || (service.buries && *topic == dead_letter_topic(service.name));
            let before = records_on(&guarded.broker, topic);
            let said = says(&publisher, topic).await;
            assert_eq!(said.is_ok(), own, "{} on {topic}: {said:?}", service.name);
            assert_eq!(records_on(&guarded.broker, topic) - before, i64::from(own));
        }
    }

    // Each hears what is for it, in its own groups, and nothing else.
    for service in &SERVICES {
        let kafka = guarded.client(service.name);
        for (group, topics) in service.hears {
            for topic in *topics {
                hears(&kafka, group, topic).await;
            }
        }
        let client = guarded.raw(service.name);
        let heard = |topic: &str| service.hears.iter().any(|(_, topics)| topics.contains(&topic));
        let (group, topics) = service.hears[0];
        tokio::task::block_in_place(|| {
            for topic in EVENTS.iter().chain(&LETTERS).filter(|topic| !heard(topic)) {
                refusal(&client, group, topic);
            }
            let foreign = if service.name == "user-svc" { "workout-svc" } else { "user-svc" };
            let code = refusal(&client, foreign, topics[0]);
            assert_eq!(code, RDKafkaErrorCode::GroupAuthorizationFailed, "{} in {foreign}", service.name);
        });
    }

    // What a service cannot handle it puts with its own dead letters, by the way that makes the topic first.
    for service in SERVICES.iter().filter(|service| service.buries) {
        let letters = dead_letter_topic(service.name);
        let before = records_on(&guarded.broker, &letters);
        let (group, topics) = service.hears[0];
        let config = ConsumerConfig::new(group, &topics[..1]);
        let (consumer, shutdown) =
            (KafkaConsumer::new(&guarded.client(service.name), config).unwrap(), CancellationToken::new());
        let running = tokio::spawn(consumer.run(Rejecting(Arc::default()), shutdown.clone()));
        let writer = SERVICES.iter().find(|other| other.says.first() == topics.first()).unwrap();
        let publisher = KafkaPublisher::new(&guarded.client(writer.name)).unwrap();
        says(&publisher, topics[0]).await.unwrap();
        let start = Instant::now();
        while records_on(&guarded.broker, &letters) == before {
            assert!(start.elapsed() < LIMIT, "{} buries nothing", service.name);
        }
        shutdown.cancel();
        running.await.unwrap().unwrap();
    }
}
