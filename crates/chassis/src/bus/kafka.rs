//! The settings of Kafka.

mod security;

use eventbus_kafka::KafkaConfig;

use crate::config::Settings;

/// Reads the settings; `client_id` is the default of `KAFKA_CLIENT_ID`.
pub(super) fn from_settings(settings: &mut Settings, client_id: &str) -> KafkaConfig {
    let brokers: String =
        settings.value("KAFKA_BROKERS", "Kafka brokers as host:port, separated by commas.", "127.0.0.1:9092");
    if settings.is_set("KAFKA_TOPIC") {
        settings.problem(
            "KAFKA_TOPIC is not a setting: the names of the topics are part of the contract (docs/events.md). \
             Leave it out; KAFKA_BROKERS says where the topics are.",
        );
    }
    let client_id: String = settings.value("KAFKA_CLIENT_ID", "Name in the logs of the broker.", client_id);
    KafkaConfig { security: security::from_settings(settings), ..KafkaConfig::new(&brokers, &client_id) }
}
