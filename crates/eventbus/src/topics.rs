//! Topics that have to exist.

use tokio_util::sync::CancellationToken;

use crate::{BoxError, Broker, BrokerConfigError, RetryPolicy};

/// A topic that has to exist.
#[derive(Clone, Debug)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// How many partitions a new topic gets; an existing one keeps its own.
    pub partitions: i32,
    /// How many brokers keep each partition of a new topic.
    pub replication: i32,
}

/// Why topics could not be created.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] BrokerConfigError),
    /// The broker could not be asked.
    #[error("the broker cannot be asked to create topics")]
    Request(#[source] BoxError),
    /// No broker could be asked, for the reason given.
    #[error("no broker can be asked to create topics: {reason}")]
    Unreachable {
        /// Why the last connection failed.
        reason: String,
        /// What the request came to.
        source: BoxError,
    },
    /// The broker refuses a topic.
    #[error("the broker refuses to create the topic {topic}: {reason}")]
    Refused {
        /// The topic.
        topic: String,
        /// Its answer.
        reason: String,
    },
}

/// Where the records go that a group cannot handle.
pub fn dead_letter_topic(group: &str) -> String {
    format!("{group}.dead-letters")
}

/// Creates those of `topics` that do not exist, trying until it succeeds or `shutdown` is cancelled.
#[expect(
    clippy::disallowed_methods,
    reason = "pauses grow with a jitter, so that not all come back at one time"
)]
pub async fn ensure_topics(broker: &dyn Broker, topics: &[TopicSpec], shutdown: &CancellationToken) {
    let retry = RetryPolicy::default();
    for attempt in 1.. {
        let error = tokio::select! {
            () = shutdown.cancelled() => return,
            created = broker.create_topics(topics) => match created {
                Ok(()) => return,
                Err(error) => error,
            },
        };
        if attempt == 1 {
            tracing::warn!(error = &error as &dyn std::error::Error, "topics are not created yet, trying on");
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(retry.delay(attempt, rand::random())) => {}
        }
    }
}
