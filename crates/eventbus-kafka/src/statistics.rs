//! What is read of the statistics that librdkafka makes of itself: some fields of several hundred.
//!
//! <https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md>

use std::collections::HashMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Statistics {
    #[serde(default)]
    brokers: HashMap<String, Broker>,
    #[serde(default)]
    topics: HashMap<String, Topic>,
}

#[derive(Debug, Deserialize)]
struct Broker {
    state: String,
}

#[derive(Debug, Deserialize)]
struct Topic {
    #[serde(default)]
    partitions: HashMap<String, Partition>,
}

#[derive(Debug, Deserialize)]
struct Partition {
    partition: i32,
    consumer_lag: i64,
}

impl Statistics {
    /// Nothing where it is not as expected; the next ones come soon.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        match serde_json::from_slice(json) {
            Ok(statistics) => Some(statistics),
            Err(error) => {
                tracing::warn!(%error, "librdkafka's statistics cannot be read");
                None
            }
        }
    }

    pub(crate) fn any_broker_is_up(&self) -> bool {
        self.brokers.values().any(|broker| broker.state == "UP")
    }

    /// Topic, partition, and how many records wait there for this member: none where the partition is somebody else's.
    pub(crate) fn lags(&self) -> impl Iterator<Item = (&str, i32, i64)> {
        self.topics.iter().flat_map(|(topic, state)| {
            // Partition -1 is where librdkafka keeps what has no partition yet.
            let real = state.partitions.values().filter(|partition| partition.partition >= 0);
            // A lag of -1 is a partition that nothing is known of here.
            real.map(|partition| (topic.as_str(), partition.partition, partition.consumer_lag.max(0)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_is_up_and_the_lag_of_each_real_partition_are_read() {
        let json = br#"{ "name": "rdkafka#consumer-1", "ts": 5, "brokers": {
                "GroupCoordinator": { "name": "GroupCoordinator", "nodeid": 1, "state": "UP", "rtt": { "min": 1 } },
                "h:1/1": { "state": "DOWN" } },
            "topics": { "a\\"b": { "topic": "a\\"b", "partitions": {
                "0": { "partition": 0, "consumer_lag": 7 },
                "1": { "partition": 1, "consumer_lag": -1 },
                "-1": { "partition": -1, "consumer_lag": -1 } } } } }"#;
        let json = String::from_utf8(json.to_vec()).unwrap().replace("\\\\", "\\");
        let statistics = Statistics::read(json.as_bytes()).unwrap();
        assert!(statistics.any_broker_is_up());
        let mut lags: Vec<_> = statistics.lags().collect();
        lags.sort_unstable();
        assert_eq!(lags, [("a\"b", 0, 7), ("a\"b", 1, 0)]);
    }

    #[test]
    fn what_is_no_statistics_is_passed_over() {
        assert!(Statistics::read(b"7").is_none());
        assert!(Statistics::read(b"").is_none());
        assert!(!Statistics::read(b"{}").unwrap().any_broker_is_up());
    }
}
