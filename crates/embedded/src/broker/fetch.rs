//! Fetch and list offsets: records out.

use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_request::FetchPartition;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::list_offsets_request::ListOffsetsPartition;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{
    FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse, TopicName,
};
use tokio::time::{Instant, timeout_at};

use super::api::code;
use super::topics::Topics;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// An answer under construction.
#[derive(Debug, Default)]
struct Collected {
    topics: Vec<FetchableTopicResponse>,
    bytes: usize,
    failed: bool,
}

impl Topics {
    /// Answers at once if there are `min_bytes` or an error, else as soon as there are, or with what there is after
    /// `max_wait_ms`.
    pub(super) async fn fetch(&self, request: FetchRequest) -> FetchResponse {
        let deadline = Instant::now() + Duration::from_millis(request.max_wait_ms.max(0) as u64);
        let mut appended = self.appended.subscribe();
        loop {
            // Whatever is appended from here on ends the wait below.
            appended.mark_unchanged();
            let collected = self.collect(&request);
            let enough = collected.failed || collected.bytes >= request.min_bytes.max(0) as usize;
            let waited =
                !enough && timeout_at(deadline, appended.changed()).await.is_ok_and(|change| change.is_ok());
            if !waited {
                return FetchResponse::default().with_responses(collected.topics);
            }
        }
    }

    fn collect(&self, request: &FetchRequest) -> Collected {
        let mut collected = Collected::default();
        let limit = request.max_bytes.max(0) as usize;
        for topic in &request.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for wanted in &topic.partitions {
                let left = limit.saturating_sub(collected.bytes);
                let data = self.read_partition(&topic.topic, wanted, left, collected.bytes == 0);
                collected.failed |= data.error_code != 0;
                collected.bytes += data.records.as_ref().map_or(0, bytes::Bytes::len);
                partitions.push(data);
            }
            let topic =
                FetchableTopicResponse::default().with_topic(topic.topic.clone()).with_partitions(partitions);
            collected.topics.push(topic);
        }
        collected
    }

    fn read_partition(
        &self,
        topic: &TopicName,
        wanted: &FetchPartition,
        left: usize,
        first: bool,
    ) -> PartitionData {
        let max_bytes = left.min(wanted.partition_max_bytes.max(0) as usize);
        let data = PartitionData::default().with_partition_index(wanted.partition);
        match self.partition(topic, wanted.partition) {
            Err(error) => data.with_error_code(error.code()).with_high_watermark(-1),
            Ok(partition) => {
                let log = partition.log();
                let records = log.read(wanted.fetch_offset, max_bytes, first);
                data.with_error_code(code(&records))
                    .with_high_watermark(log.end())
                    .with_last_stable_offset(log.end())
                    .with_log_start_offset(log.start())
                    .with_records(Some(records.unwrap_or_default()))
            }
        }
    }

    pub(super) fn list_offsets(&self, request: ListOffsetsRequest) -> ListOffsetsResponse {
        let topics = request.topics.into_iter().map(|topic| {
            let partitions =
                topic.partitions.iter().map(|wanted| self.list_offset(&topic.name, wanted)).collect();
            ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(partitions)
        });
        ListOffsetsResponse::default().with_topics(topics.collect())
    }

    fn list_offset(&self, topic: &TopicName, wanted: &ListOffsetsPartition) -> ListOffsetsPartitionResponse {
        let found = self.partition(topic, wanted.partition_index).and_then(|partition| {
            let log = partition.log();
            match wanted.timestamp {
                LATEST => Ok((log.end(), -1)),
                EARLIEST => Ok((log.start(), -1)),
                timestamp if timestamp < 0 => Err(ResponseError::UnsupportedVersion),
                timestamp => Ok(log.offset_for(timestamp).unwrap_or((-1, -1))),
            }
        });
        let error = code(&found);
        let (offset, timestamp) = found.unwrap_or((-1, -1));
        ListOffsetsPartitionResponse::default()
            .with_partition_index(wanted.partition_index)
            .with_error_code(error)
            .with_offset(offset)
            .with_timestamp(timestamp)
    }
}
