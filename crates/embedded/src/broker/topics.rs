//! Topics and their partitions.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    CreateTopicsRequest, CreateTopicsResponse, DeleteTopicsRequest, DeleteTopicsResponse, MetadataRequest,
    MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::watch;

use super::api::code;
use super::connection::host_and_port;
use super::log::Log;

/// The id of the only node.
pub(super) const NODE: i32 = 1;
/// Why a topic is not created with more.
const ONE_REPLICA: &str = "there is one broker, so the replication factor can be 1 only";
/// Kafka's limit on the name of a topic.
const MAX_NAME: usize = 249;

type Partitions = Arc<[Mutex<Log>]>;

/// The topics by name.
#[derive(Debug, Default)]
pub(super) struct Topics {
    topics: RwLock<BTreeMap<TopicName, Partitions>>,
    /// Changes with every append, for those who wait for records.
    pub(super) appended: watch::Sender<()>,
}

/// A partition of a topic that may be deleted meanwhile.
pub(super) struct Partition {
    partitions: Partitions,
    index: usize,
}

impl Partition {
    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        // Every change of a log is complete before something that can panic.
        self.partitions[self.index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topics {
    pub(super) fn partition(&self, topic: &TopicName, index: i32) -> Result<Partition, ResponseError> {
        let partitions = self.read().get(topic).cloned();
        let index = usize::try_from(index).ok();
        partitions
            .zip(index)
            .filter(|(partitions, index)| *index < partitions.len())
            .map(|(partitions, index)| Partition { partitions, index })
            .ok_or(ResponseError::UnknownTopicOrPartition)
    }

    pub(super) fn metadata(&self, request: MetadataRequest, advertised: SocketAddr) -> MetadataResponse {
        let topics = self.read();
        let described = match request.topics {
            Some(wanted) => {
                let names = wanted.into_iter().filter_map(|topic| topic.name);
                names.map(|name| describe(name.clone(), topics.get(&name))).collect()
            }
            None => {
                topics.iter().map(|(name, partitions)| describe(name.clone(), Some(partitions))).collect()
            }
        };
        let (host, port) = host_and_port(advertised);
        let node = MetadataResponseBroker::default()
            .with_node_id(NODE.into())
            .with_host(StrBytes::from_string(host))
            .with_port(port);
        MetadataResponse::default()
            .with_brokers(vec![node])
            .with_cluster_id(Some(StrBytes::from_static_str("embedded")))
            .with_controller_id(NODE.into())
            .with_topics(described)
    }

    pub(super) fn create(&self, request: CreateTopicsRequest) -> CreateTopicsResponse {
        let results = request.topics.into_iter().map(|topic| {
            let outcome = self.create_one(&topic, request.validate_only);
            let replicas = (outcome == Err(ResponseError::InvalidReplicationFactor)).then_some(ONE_REPLICA);
            CreatableTopicResult::default()
                .with_error_code(code(&outcome))
                .with_error_message(replicas.map(StrBytes::from_static_str))
                .with_num_partitions(outcome.unwrap_or(-1))
                .with_replication_factor(1)
                .with_name(topic.name)
        });
        CreateTopicsResponse::default().with_topics(results.collect())
    }

    /// Creates a topic and returns its number of partitions.
    fn create_one(&self, topic: &CreatableTopic, validate_only: bool) -> Result<i32, ResponseError> {
        let name = topic.name.as_str();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty()
            || name.len() > MAX_NAME
            || matches!(name, "." | "..")
            || !name.chars().all(allowed)
        {
            return Err(ResponseError::InvalidTopicException);
        }
        let scattered = topic.assignments.iter().any(|assignment| assignment.broker_ids.len() != 1);
        if topic.replication_factor > 1 || topic.replication_factor == 0 || scattered {
            return Err(ResponseError::InvalidReplicationFactor);
        }
        let partitions = match topic.num_partitions {
            -1 if topic.assignments.is_empty() => 1,
            -1 => topic.assignments.len() as i32,
            count => count,
        };
        if partitions < 1 {
            return Err(ResponseError::InvalidPartitions);
        }
        match self.write().entry(topic.name.clone()) {
            Entry::Occupied(_) => return Err(ResponseError::TopicAlreadyExists),
            Entry::Vacant(_) if validate_only => {}
            Entry::Vacant(entry) => {
                entry.insert((0..partitions).map(|_| Mutex::default()).collect());
            }
        }
        Ok(partitions)
    }

    pub(super) fn delete(&self, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
        let results = request.topic_names.into_iter().map(|name| {
            let outcome = self.write().remove(&name).ok_or(ResponseError::UnknownTopicOrPartition);
            DeletableTopicResult::default().with_error_code(code(&outcome)).with_name(Some(name))
        });
        DeleteTopicsResponse::default().with_responses(results.collect())
    }

    /// Whether there is a topic of that name.
    pub(super) fn exists(&self, name: &str) -> bool {
        self.read().keys().any(|topic| topic.as_str() == name)
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<TopicName, Partitions>> {
        self.topics.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<TopicName, Partitions>> {
        self.topics.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn describe(name: TopicName, partitions: Option<&Partitions>) -> MetadataResponseTopic {
    let topic = MetadataResponseTopic::default().with_name(Some(name));
    let Some(partitions) = partitions else {
        return topic.with_error_code(ResponseError::UnknownTopicOrPartition.code());
    };
    let described = (0..partitions.len()).map(|index| {
        MetadataResponsePartition::default()
            .with_partition_index(index as i32)
            .with_leader_id(NODE.into())
            .with_replica_nodes(vec![NODE.into()])
            .with_isr_nodes(vec![NODE.into()])
    });
    topic.with_partitions(described.collect())
}
