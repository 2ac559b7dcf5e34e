//! The offsets a group has committed.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponsePartition, OffsetFetchResponseTopic,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::api::code;
use super::groups::{Coordinated, Groups};

/// By topic and partition.
pub(super) type Offsets = BTreeMap<TopicName, BTreeMap<i32, Committed>>;

/// A committed offset.
#[derive(Clone, Debug, Default)]
pub(super) struct Committed {
    offset: i64,
    leader_epoch: i32,
    metadata: Option<StrBytes>,
}

impl Groups {
    pub(super) fn commit_offsets(&self, request: OffsetCommitRequest) -> OffsetCommitResponse {
        let group = self.group(&request.group_id);
        let generation = request.generation_id_or_member_epoch;
        let allowed = group.change(|group, now| {
            group.check_instance(request.group_instance_id.as_ref(), &request.member_id)?;
            group.may_commit(&request.member_id, generation, now)
        });
        let error = code(&allowed);
        let mut offsets = lock(&group);
        let topics = request.topics.into_iter().map(|topic| {
            let answers = topic.partitions.iter().map(|partition| {
                OffsetCommitResponsePartition::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(error)
            });
            let answer = OffsetCommitResponseTopic::default().with_name(topic.name.clone());
            let answer = answer.with_partitions(answers.collect());
            if allowed.is_ok() {
                let committed = topic.partitions.into_iter().map(|partition| {
                    let committed = Committed {
                        offset: partition.committed_offset,
                        leader_epoch: partition.committed_leader_epoch,
                        metadata: partition.committed_metadata,
                    };
                    (partition.partition_index, committed)
                });
                offsets.entry(topic.name).or_default().extend(committed);
            }
            answer
        });
        OffsetCommitResponse::default().with_topics(topics.collect())
    }

    /// The offsets of the partitions asked for, or of all; -1 where none is committed.
    pub(super) fn fetch_offsets(&self, request: OffsetFetchRequest) -> OffsetFetchResponse {
        let group = self.group(&request.group_id);
        let offsets = lock(&group);
        let all = || {
            offsets.iter().map(|(topic, partitions)| (topic.clone(), partitions.keys().copied().collect()))
        };
        let wanted: Vec<(TopicName, Vec<i32>)> = request.topics.map_or_else(
            || all().collect(),
            |topics| topics.into_iter().map(|topic| (topic.name, topic.partition_indexes)).collect(),
        );
        let topics = wanted.into_iter().map(|(topic, partitions)| {
            let committed = offsets.get(&topic);
            let partitions = partitions.into_iter().map(|index| {
                let committed = committed.and_then(|committed| committed.get(&index)).cloned();
                let committed =
                    committed.unwrap_or(Committed { offset: -1, leader_epoch: -1, metadata: None });
                OffsetFetchResponsePartition::default()
                    .with_partition_index(index)
                    .with_committed_offset(committed.offset)
                    .with_committed_leader_epoch(committed.leader_epoch)
                    .with_metadata(Some(committed.metadata.unwrap_or_default()))
            });
            OffsetFetchResponseTopic::default().with_partitions(partitions.collect()).with_name(topic)
        });
        OffsetFetchResponse::default().with_topics(topics.collect())
    }
}

fn lock(group: &Coordinated) -> MutexGuard<'_, Offsets> {
    group.offsets.lock().unwrap_or_else(PoisonError::into_inner)
}
