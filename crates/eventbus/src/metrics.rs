//! The instruments of the bus, named by the OpenTelemetry conventions for messaging where they have a name
//! (<https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/>).

use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram};
use opentelemetry::{KeyValue, global};

use crate::{ConsumerConfig, Terms};

/// Seconds; from a row in memory to a handler that waits for something remote.
const PROCESS_BOUNDARIES: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Why a record becomes a dead letter.
const REASONS: [&str; 4] = ["undecodable", "forged", "rejected", "retries_exhausted"];

/// What a publisher counts.
#[derive(Debug)]
pub struct PublisherMetrics {
    system: &'static str,
    sent: Counter<u64>,
}

impl PublisherMetrics {
    /// The metrics of a publisher on this broker.
    pub fn new(terms: &Terms) -> Self {
        let sent = global::meter("eventbus")
            .u64_counter("messaging.client.sent.messages")
            .with_unit("{message}")
            .with_description("Records that the broker acknowledged, or refused where error.type is set.")
            .build();
        Self { system: terms.system, sent }
    }

    /// Counts records of a topic that the broker has answered.
    pub fn sent(&self, topic: &str, error: Option<&'static str>, records: u64) {
        let mut attributes = vec![
            KeyValue::new("messaging.system", self.system),
            KeyValue::new("messaging.operation.name", "send"),
            KeyValue::new("messaging.destination.name", topic.to_owned()),
        ];
        attributes.extend(error.map(|error| KeyValue::new("error.type", error)));
        self.sent.add(records, &attributes);
    }
}

/// What a member of a group counts.
#[derive(Debug)]
pub struct ConsumerMetrics {
    system: &'static str,
    group: String,
    consumed: Counter<u64>,
    process: Histogram<f64>,
    dead_letters: Counter<u64>,
    lag: Gauge<i64>,
}

impl ConsumerMetrics {
    /// The metrics of a consumer. Dead letters of its topics are counted from zero: a count that begins with its first
    /// one has not risen.
    pub fn new(config: &ConsumerConfig, terms: &Terms) -> Self {
        let meter = global::meter("eventbus");
        let metrics = Self {
            system: terms.system,
            group: config.group_in_metrics.clone(),
            consumed: meter
                .u64_counter("messaging.client.consumed.messages")
                .with_unit("{message}")
                .with_description("Records handed to the handler, repetitions included.")
                .build(),
            process: meter
                .f64_histogram("messaging.process.duration")
                .with_unit("s")
                .with_description("How long the handler took for the batch that held the record.")
                .with_boundaries(PROCESS_BOUNDARIES.to_vec())
                .build(),
            dead_letters: meter
                .u64_counter("eventbus.dead_letters")
                .with_unit("{message}")
                .with_description("Records put on the dead-letter topic of the group.")
                .build(),
            lag: meter
                .i64_gauge("eventbus.consumer.lag")
                .with_unit("{message}")
                .with_description("Records of a partition behind the committed offset of the group.")
                .build(),
        };
        let buried = if config.role.buries() { config.topics.as_slice() } else { &[] };
        for (topic, reason) in buried.iter().flat_map(|topic| REASONS.map(|reason| (topic, reason))) {
            metrics.dead_letters.add(0, &metrics.dead_letter_attributes(topic, reason));
        }
        metrics
    }

    pub(crate) fn processed(&self, topic: &str, records: usize, duration: Duration) {
        let attributes = self.attributes(topic);
        self.consumed.add(records as u64, &attributes);
        for _ in 0..records {
            self.process.record(duration.as_secs_f64(), &attributes);
        }
    }

    pub(crate) fn dead_letter(&self, topic: &str, reason: &'static str) {
        self.dead_letters.add(1, &self.dead_letter_attributes(topic, reason));
    }

    /// Says how many records of a partition the group has not finished.
    pub fn lag(&self, topic: &str, partition: i32, lag: i64) {
        let mut attributes = self.attributes(topic).to_vec();
        attributes.push(KeyValue::new("messaging.destination.partition.id", partition.to_string()));
        self.lag.record(lag, &attributes);
    }

    fn dead_letter_attributes(&self, topic: &str, reason: &'static str) -> Vec<KeyValue> {
        let mut attributes = self.attributes(topic).to_vec();
        attributes.push(KeyValue::new("reason", reason));
        attributes
    }

    fn attributes(&self, topic: &str) -> [KeyValue; 4] {
        [
            KeyValue::new("messaging.system", self.system),
            KeyValue::new("messaging.operation.name", "process"),
            KeyValue::new("messaging.destination.name", topic.to_owned()),
            KeyValue::new("messaging.consumer.group.name", self.group.clone()),
        ]
    }
}
