//! Creating topics.

use std::time::Duration;

use eventbus::adapter::StateReporter;
use eventbus::{BrokerConfigError, BusState, TopicError, TopicSpec};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;

use crate::config::{ConnectionContext, KafkaConfig, TERMS, invalid};
use crate::producer::Producer;

const TIMEOUT: Duration = Duration::from_secs(10);
const REASON_TIMEOUT: Duration = Duration::from_secs(3);

/// Creates those of `topics` that do not exist.
pub async fn create_topics(config: &KafkaConfig, topics: &[TopicSpec]) -> Result<(), TopicError> {
    let context = ConnectionContext { state: StateReporter::new(&config.client_id, &TERMS) };
    let client: AdminClient<_> = config.admin().create_with_context(context).map_err(invalid)?;
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
            Some(reason) => return Err(TopicError::Unreachable { reason, source: source.into() }),
            None => return Err(TopicError::Request(source.into())),
        },
    };
    for answer in answers {
        match answer {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, reason)) => {
                return Err(TopicError::Refused { topic, reason: reason.to_string() });
            }
        }
    }
    Ok(())
}

/// An administrative client says that there was no answer, and never why; a producer is told.
async fn why_unreachable(config: &KafkaConfig) -> Result<Option<String>, BrokerConfigError> {
    let state = StateReporter::new(&config.client_id, &TERMS);
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
