//! What every service that publishes or consumes reads and watches.

mod kafka;
mod signatures;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

pub use self::signatures::SigningService;

use eventbus::{Broker, BusState, EventSigner, TopicSpec, TrustedSigners};
use eventbus_kafka::KafkaConfig;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::health::Dependency;

/// Which broker carries the events, and how it is reached. Nothing outside of this module tells one from the other.
#[derive(Clone, Debug)]
pub enum BrokerSettings {
    /// Apache Kafka, or what speaks its protocol.
    Kafka(KafkaConfig),
}

impl BrokerSettings {
    fn broker(&self) -> Arc<dyn Broker> {
        match self {
            Self::Kafka(kafka) => Arc::new(kafka.clone()),
        }
    }

    /// What signs the events that are published, and whose events count.
    fn keys(&mut self) -> (&mut Option<EventSigner>, &mut TrustedSigners) {
        match self {
            Self::Kafka(kafka) => (&mut kafka.signer, &mut kafka.trusted),
        }
    }
}

/// The values of `EVENT_BUS`.
#[derive(Clone, Copy)]
enum EventBus {
    Kafka,
}

impl FromStr for EventBus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "kafka" => Ok(Self::Kafka),
            "rabbitmq" => Err("there is no adapter for RabbitMQ in this release; it has to be kafka"),
            _ => Err("it has to be kafka"),
        }
    }
}

/// Where the broker is and how missing topics are made.
#[derive(Clone, Debug)]
pub struct BusSettings {
    /// The broker.
    pub broker: BrokerSettings,
    /// Partitions of a topic that does not exist yet.
    pub topic_partitions: i32,
    /// Copies of a topic that does not exist yet.
    pub topic_replication: i32,
    /// Whether a service creates at its start what is missing.
    pub topics_on_start: bool,
}

/// The topics that have to exist for a service, and where.
#[derive(Clone, Debug)]
pub struct TopicPlan {
    /// The broker.
    pub broker: Arc<dyn Broker>,
    /// The topics, each once.
    pub topics: Vec<TopicSpec>,
    /// Whether the service creates at its start what is missing.
    pub on_start: bool,
}

impl BusSettings {
    /// Reads the settings; `client_id` is the default of the name by which the broker's logs know this service.
    pub fn from_settings(settings: &mut Settings, client_id: &str) -> Self {
        let bus = settings.value("EVENT_BUS", "Which broker carries the events: kafka.", "kafka");
        Self {
            broker: match bus {
                EventBus::Kafka => BrokerSettings::Kafka(kafka::from_settings(settings, client_id)),
            },
            topic_partitions: settings.number(
                "KAFKA_TOPIC_PARTITIONS",
                "Partitions of a topic that does not exist yet.",
                6,
                1..=1_000,
            ),
            topic_replication: settings.number(
                "KAFKA_TOPIC_REPLICATION",
                "Copies of a topic that does not exist yet.",
                1,
                1..=15,
            ),
            topics_on_start: settings.value(
                "TOPICS_ON_START",
                "Whether topics that do not exist yet are created at start.",
                "true",
            ),
        }
    }

    /// The broker, whichever it is.
    pub fn broker(&self) -> Arc<dyn Broker> {
        self.broker.broker()
    }

    /// The plan for topics of events.
    pub fn event_topics<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> TopicPlan {
        self.plan(names, self.topic_partitions)
    }

    /// The plan for dead letters: few records, and people who read them in their order.
    pub fn dead_letter_topics<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> TopicPlan {
        self.plan(names, 1)
    }

    fn plan<'a>(&self, names: impl IntoIterator<Item = &'a str>, partitions: i32) -> TopicPlan {
        let topic =
            |name: &str| TopicSpec { name: name.to_owned(), partitions, replication: self.topic_replication };
        let topics: BTreeMap<&str, TopicSpec> = names.into_iter().map(|name| (name, topic(name))).collect();
        TopicPlan {
            broker: self.broker(),
            topics: topics.into_values().collect(),
            on_start: self.topics_on_start,
        }
    }
}

impl TopicPlan {
    /// Both plans as one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.topics.extend(other.topics);
        self
    }

    /// At the start of a service: creates the topics that are missing, trying until it works or `shutdown`, unless that
    /// is somebody else's job.
    pub async fn ensure(&self, shutdown: &CancellationToken) {
        if self.on_start {
            eventbus::ensure_topics(&*self.broker, &self.topics, shutdown).await;
        }
    }
}

/// Tells `dependency` how the connection to the broker is, until `shutdown`.
pub async fn watch(
    mut state: watch::Receiver<BusState>,
    dependency: Dependency,
    shutdown: CancellationToken,
) {
    loop {
        match &*state.borrow_and_update() {
            BusState::Connecting => {}
            BusState::Up => dependency.up(),
            BusState::Down(reason) => dependency.down(reason.as_str()),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            // The client that told the state is gone; nothing more will be heard.
            changed = state.changed() => if changed.is_err() { return shutdown.cancelled().await },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_that_is_not_there_is_refused_by_name() {
        for (bus, problem) in [
            ("kafka", None),
            ("rabbitmq", Some("no adapter for RabbitMQ")),
            ("carrier-pigeon", Some("has to be kafka")),
        ] {
            let mut settings = Settings::from_pairs([("EVENT_BUS", bus)]);
            BusSettings::from_settings(&mut settings, "test");
            let problems = settings.finish().err().map(|problems| problems.to_string());
            match (problem, problems) {
                (None, None) => {}
                (Some(expected), Some(problems)) => assert!(problems.contains(expected), "{problems}"),
                (expected, problems) => panic!("{bus}: {expected:?} is not {problems:?}"),
            }
        }
    }
}
