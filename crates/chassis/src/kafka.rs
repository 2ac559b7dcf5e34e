//! What every service that publishes or consumes reads and watches.

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
}

impl KafkaSettings {
    /// Reads the settings; `client_id` is the default of `KAFKA_CLIENT_ID`.
    pub fn from_settings(settings: &mut Settings, client_id: &str) -> Self {
        let brokers: String = settings.value(
            "KAFKA_BROKERS",
            "Kafka brokers as host:port, separated by commas.",
            "127.0.0.1:9092",
        );
        let client_id: String =
            settings.value("KAFKA_CLIENT_ID", "Name in the logs of the broker.", client_id);
        Self {
            kafka: KafkaConfig::new(&brokers, &client_id),
            topic_partitions: settings.value(
                "KAFKA_TOPIC_PARTITIONS",
                "Partitions of a topic that does not exist yet.",
                "6",
            ),
            topic_replication: settings.value(
                "KAFKA_TOPIC_REPLICATION",
                "Copies of a topic that does not exist yet.",
                "1",
            ),
        }
    }

    /// Creates the topics that are missing; tries until it works or `shutdown`.
    pub async fn ensure_topics(&self, names: impl IntoIterator<Item = &str>, shutdown: &CancellationToken) {
        let topics: Vec<_> = names
            .into_iter()
            .map(|name| TopicSpec {
                name: name.to_owned(),
                partitions: self.topic_partitions,
                replication: self.topic_replication,
            })
            .collect();
        eventbus::ensure_topics(&self.kafka, &topics, shutdown).await;
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
