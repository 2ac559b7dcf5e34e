//! What every service that publishes or consumes reads and watches.

mod security;
mod signatures;

use std::collections::BTreeMap;

pub use self::signatures::SigningService;

use eventbus::{BusState, KafkaConfig, TopicSpec};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::health::Dependency;

/// Where the broker is and how missing topics are made.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// The broker.
    pub kafka: KafkaConfig,
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
    pub kafka: KafkaConfig,
    /// The topics, each once.
    pub topics: Vec<TopicSpec>,
    /// Whether the service creates at its start what is missing.
    pub on_start: bool,
}

impl KafkaSettings {
    /// Reads the settings; `client_id` is the default of `KAFKA_CLIENT_ID`.
    pub fn from_settings(settings: &mut Settings, client_id: &str) -> Self {
        let brokers: String = settings.value(
            "KAFKA_BROKERS",
            "Kafka brokers as host:port, separated by commas.",
            "127.0.0.1:9092",
        );
        if settings.is_set("KAFKA_TOPIC") {
            settings.problem(
                "KAFKA_TOPIC is not a setting: the names of the topics are part of the contract (docs/events.md). \
                 Leave it out; KAFKA_BROKERS says where the topics are.",
            );
        }
        let client_id: String =
            settings.value("KAFKA_CLIENT_ID", "Name in the logs of the broker.", client_id);
        Self {
            kafka: KafkaConfig {
                security: security::from_settings(settings),
                ..KafkaConfig::new(&brokers, &client_id)
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
            kafka: self.kafka.clone(),
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
            eventbus::ensure_topics(&self.kafka, &self.topics, shutdown).await;
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
    fn a_topic_of_ones_own_is_refused_aloud() {
        for (name, refused) in [("KAFKA_TOPIC", true), ("KAFKA_TOPIC_PARTITIONS", false)] {
            let mut settings = Settings::from_pairs([(name, "7")]);
            KafkaSettings::from_settings(&mut settings, "test");
            let problems = settings.finish().err().map(|problems| problems.to_string()).unwrap_or_default();
            assert_eq!(problems.contains("KAFKA_TOPIC is not a setting"), refused, "{problems}");
        }
    }
}
