//! How to reach the brokers, and the librdkafka settings that are not left at their defaults.

use std::fmt;
use std::sync::Arc;

use eventbus::adapter::StateReporter;
use eventbus::{
    Broker, BrokerConfigError, BusPublisher, BusSubscriber, ConsumerConfig, ConsumerRole, EventSigner,
    Origins, Terms, TopicError, TopicSpec, TrustedSigners,
};
use futures::future::BoxFuture;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::security::Security;
use crate::statistics::Statistics;
use crate::{KafkaConsumer, KafkaOrigins, KafkaPublisher, create_topics};

/// How to reach the brokers. Its debug output leaves the values of properties out: passwords are among them.
#[derive(Clone, Default)]
pub struct KafkaConfig {
    /// `host:port`, several separated by commas.
    pub brokers: String,
    /// The name under which this client appears in the logs of the broker.
    pub client_id: String,
    /// How both sides prove who they are.
    pub security: Security,
    /// Signs what is published.
    pub signer: Option<EventSigner>,
    /// Whose events count.
    pub trusted: TrustedSigners,
    /// Further librdkafka properties; they win over the settings here.
    pub properties: Vec<(String, String)>,
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties: Vec<&str> = self.properties.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("KafkaConfig")
            .field("brokers", &self.brokers)
            .field("client_id", &self.client_id)
            .field("security", &self.security)
            .field("signer", &self.signer)
            .field("trusted", &self.trusted)
            .field("properties", &properties)
            .finish()
    }
}

/// What Kafka is called.
pub(crate) const TERMS: Terms = Terms { name: "Kafka", system: "kafka", offset: "messaging.kafka.offset" };

/// A property that librdkafka does not accept.
pub(crate) fn invalid(error: KafkaError) -> BrokerConfigError {
    BrokerConfigError { broker: TERMS.name, source: error.into() }
}

impl Broker for KafkaConfig {
    fn terms(&self) -> &'static Terms {
        &TERMS
    }

    fn address(&self) -> &str {
        &self.brokers
    }

    fn publisher(&self) -> Result<BusPublisher, BrokerConfigError> {
        KafkaPublisher::new(self).map(BusPublisher::new)
    }

    fn subscriber(&self, config: ConsumerConfig) -> Result<BusSubscriber, BrokerConfigError> {
        KafkaConsumer::new(self, config).map(BusSubscriber::new)
    }

    fn origins(&self, group: &str, topics: &[&str]) -> Arc<dyn Origins> {
        Arc::new(KafkaOrigins::new(self, group, topics))
    }

    fn create_topics<'a>(&'a self, topics: &'a [TopicSpec]) -> BoxFuture<'a, Result<(), TopicError>> {
        Box::pin(create_topics(self, topics))
    }
}

impl KafkaConfig {
    /// A plain-text connection without further properties.
    pub fn new(brokers: &str, client_id: &str) -> Self {
        Self { brokers: brokers.to_owned(), client_id: client_id.to_owned(), ..Self::default() }
    }

    /// The settings of a producer.
    ///
    /// Idempotence keeps the order within a partition over retries and stores each record once. There is no local
    /// timeout (`message.timeout.ms=0`): with one, of two records of a key the first could expire just before the
    /// broker comes back to take the second. Whoever publishes decides how long to wait.
    pub(crate) fn producer(&self) -> ClientConfig {
        self.client(&[
            ("enable.idempotence", "true"),
            ("acks", "all"),
            ("message.timeout.ms", "0"),
            // A batch is handed over at once, so there is little to wait for.
            ("linger.ms", "1"),
            // Java clients hash keys like this: records of a user meet in one partition whoever writes them.
            ("partitioner", "murmur2_random"),
            ("queue.buffering.max.messages", "100000"),
            ("queue.buffering.max.kbytes", "65536"),
        ])
    }

    /// The settings of a group member that commits by hand what is finished.
    pub(crate) fn member(&self, consumer: &ConsumerConfig) -> ClientConfig {
        let start = match consumer.role {
            // A new group starts with what is already there instead of losing it.
            ConsumerRole::Worker | ConsumerRole::Collector => "earliest",
            ConsumerRole::Listener => "latest",
        };
        self.client(&[
            ("group.id", &consumer.group),
            // It moves few partitions when members come and go.
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", start),
            // A killed member is replaced after this time.
            ("session.timeout.ms", "10000"),
            // Members learn of a rebalance with a heartbeat.
            ("heartbeat.interval.ms", "1000"),
            // The broker answers a fetch as soon as there is a byte; librdkafka refills its queue without its pause
            // of one second.
            ("fetch.min.bytes", "1"),
            ("fetch.wait.max.ms", "1000"),
            ("fetch.queue.backoff.ms", "10"),
            ("fetch.error.backoff.ms", "200"),
            // Bounds what is read ahead of slow handlers, for each partition because each has a queue of its own, and
            // what one answer of a broker may bring.
            ("queued.min.messages", "10000"),
            ("queued.max.messages.kbytes", "1024"),
            ("fetch.max.bytes", "8388608"),
            ("max.partition.fetch.bytes", "1048576"),
        ])
    }

    /// The settings of a client that looks at single records and joins no group.
    pub(crate) fn reader(&self, group: &str) -> ClientConfig {
        self.client(&[
            ("group.id", group),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "error"),
            ("enable.partition.eof", "true"),
            ("fetch.wait.max.ms", "100"),
            ("queued.max.messages.kbytes", "1024"),
            ("fetch.max.bytes", "8388608"),
        ])
    }

    /// The settings of an administrative client.
    pub(crate) fn admin(&self) -> ClientConfig {
        self.client(&[])
    }

    fn client(&self, settings: &[(&str, &str)]) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", &self.client_id)
            // A broker that says nothing for so long is connected to anew, and what it did not answer is sent again,
            // records under the same numbers. A partition whose offset is being checked waits as long at most.
            .set("socket.timeout.ms", "10000")
            // The same for opening a connection: into a silent network that takes as long as the system likes.
            // Longer than librdkafka waits for its first answer: only then does it tell of a listener that speaks TLS.
            .set("socket.connection.setup.timeout.ms", "11000")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            // Finds topics that are created later, and wakes idle connections.
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("allow.auto.create.topics", "false")
            // How a restored connection is noticed; also carries the consumer lag. Making and reading it is most of what
            // an idle client does.
            .set("statistics.interval.ms", "5000")
            // Why a broker hangs up is told at this level.
            .set_log_level(RDKafkaLogLevel::Info);
        for (name, value) in self.security.properties() {
            client.set(name, value);
        }
        for (name, value) in settings.iter().copied() {
            client.set(name, value);
        }
        for (name, value) in &self.properties {
            client.set(name, value);
        }
        client
    }
}

/// What every client does with the messages of librdkafka: it repeats connection errors with each attempt, so they are
/// details here and the change of state is what gets logged. What else it warns of concerns partitions and groups, and
/// whoever asks why one stands still needs it.
pub(crate) struct ConnectionContext {
    pub(crate) state: StateReporter,
}

impl ClientContext for ConnectionContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let is_warning = level as i32 <= RDKafkaLogLevel::Warning as i32;
        if is_warning && !matches!(facility, "FAIL" | "ERROR") {
            tracing::warn!(target: "librdkafka", facility, "{message}");
        } else {
            tracing::debug!(target: "librdkafka", ?level, facility, "{message}");
        }
        // Of a broker that hangs up nothing else tells the reason. In front stands the name of a thread.
        if facility == "FAIL" {
            let failure = message.split_once("]: ").map_or(message, |(_, failure)| failure);
            if failure.contains("in state APIVERSION_QUERY") {
                self.state.failed(&format!("{failure}; a listener of another security protocol does that"));
            } else {
                self.state.failed(failure);
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, "{reason}");
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => self.state.down(reason),
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL) => self.state.turned_away(reason),
            _ => self.state.failed(reason),
        }
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if let Some(statistics) = Statistics::read(statistics) {
            self.told(&statistics);
        }
    }
}

impl ConnectionContext {
    pub(crate) fn told(&self, statistics: &Statistics) {
        if statistics.any_broker_is_up() {
            self.state.up();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_win_and_their_values_are_not_printed() {
        let mut config = KafkaConfig::new("localhost:9092", "test");
        config.properties.push(("sasl.password".to_owned(), "hunter2".to_owned()));
        config.properties.push(("linger.ms".to_owned(), "7".to_owned()));
        assert_eq!(config.producer().get("linger.ms"), Some("7"));
        let printed = format!("{config:?}");
        assert!(printed.contains("sasl.password") && !printed.contains("hunter2"), "{printed}");
    }
}
