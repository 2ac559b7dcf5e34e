//! The settings of Kafka.

mod security;

use eventbus_kafka::KafkaConfig;

use crate::config::Settings;

/// Reads the settings; `client_id` is the default of `KAFKA_CLIENT_ID`.
pub(super) fn from_settings(settings: &mut Settings, client_id: &str) -> KafkaConfig {
    let brokers: String =
        settings.value("KAFKA_BROKERS", "Kafka brokers as host:port, separated by commas.", "127.0.0.1:9092");
    let client_id: String = settings.value("KAFKA_CLIENT_ID", "Name in the logs of the broker.", client_id);
    KafkaConfig { security: security::from_settings(settings), ..KafkaConfig::new(&brokers, &client_id) }
}
