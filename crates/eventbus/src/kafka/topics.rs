//! Creating topics.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio_util::sync::CancellationToken;

use super::config::{ConnectionContext, KafkaConfig, KafkaConfigError};
use super::producer::Producer;
use crate::state::StateReporter;
use crate::{BusState, RetryPolicy};

const TIMEOUT: Duration = Duration::from_secs(10);
const REASON_TIMEOUT: Duration = Duration::from_secs(3);

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
    Config(#[from] KafkaConfigError),
    /// The broker could not be asked.
    #[error("the broker cannot be asked to create topics")]
    Request(#[source] KafkaError),
    /// No broker could be asked, for the reason given.
    #[error("no broker can be asked to create topics: {reason}")]
    Unreachable {
        /// Why the last connection failed.
        reason: String,
        /// What the request came to.
        source: KafkaError,
    },
    /// The broker refuses a topic.
    #[error("the broker refuses to create the topic {topic}: {reason}")]
    Refused {
        /// The topic.
        topic: String,
        /// Its answer.
        reason: RDKafkaErrorCode,
    },
}

/// Creates those of `topics` that do not exist.
pub async fn create_topics(config: &KafkaConfig, topics: &[TopicSpec]) -> Result<(), TopicError> {
    let context = ConnectionContext { state: StateReporter::new(&config.client_id) };
    let client: AdminClient<_> = config.admin().create_with_context(context).map_err(KafkaConfigError)?;
    let topics: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|topic| NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(topic.replication)))
        .collect();
    let options = AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT));
    let answers = client.create_topics(&topics, &options).await;
    // Destroying a client joins its threads.
    tokio::task::spawn_blocking(move || drop(client));
    let answers = match answers {
        Ok(answers) => answers,
        Err(source) => match why_unreachable(config).await? {
            Some(reason) => return Err(TopicError::Unreachable { reason, source }),
            None => return Err(TopicError::Request(source)),
        },
    };
    for answer in answers {
        match answer {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, reason)) => return Err(TopicError::Refused { topic, reason }),
        }
    }
    Ok(())
}

/// An administrative client says that there was no answer, and never why; a producer is told.
async fn why_unreachable(config: &KafkaConfig) -> Result<Option<String>, KafkaConfigError> {
    let state = StateReporter::new(&config.client_id);
    let mut states = state.subscribe();
    let client = Producer::new(config, state)?;
    let known =
        tokio::time::timeout(REASON_TIMEOUT, states.wait_for(|state| *state != BusState::Connecting)).await;
    let reason = match known {
        Ok(Ok(state)) => match &*state {
            BusState::Down(reason) => Some(reason.clone()),
            BusState::Connecting | BusState::Up => None,
        },
        Ok(Err(_)) | Err(_) => None,
    };
    tokio::task::spawn_blocking(move || drop(client));
    Ok(reason)
}

/// Creates those of `topics` that do not exist, trying until it succeeds or `shutdown` is cancelled.
#[expect(
    clippy::disallowed_methods,
    reason = "pauses grow with a jitter, so that not all come back at one time"
)]
pub async fn ensure_topics(config: &KafkaConfig, topics: &[TopicSpec], shutdown: &CancellationToken) {
    let retry = RetryPolicy::default();
    for attempt in 1.. {
        let error = tokio::select! {
            () = shutdown.cancelled() => return,
            created = create_topics(config, topics) => match created {
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
