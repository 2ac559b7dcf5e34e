//! Produce: records in.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_request::PartitionProduceData;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse, TopicName};

use super::api::code;
use super::topics::Topics;

/// With `acks=0` the client does not read an answer.
const NO_ACKS: i16 = 0;

impl Topics {
    /// Appends to the partitions named; `None` if no answer is wanted.
    pub(super) fn produce(&self, request: ProduceRequest) -> Option<ProduceResponse> {
        let wants_answer = request.acks != NO_ACKS;
        let topics = request.topic_data.into_iter().map(|topic| {
            let partitions =
                topic.partition_data.into_iter().map(|data| self.append(&topic.name, data)).collect();
            TopicProduceResponse::default().with_name(topic.name).with_partition_responses(partitions)
        });
        let response = ProduceResponse::default().with_responses(topics.collect());
        self.appended.send_replace(());
        wants_answer.then_some(response)
    }

    fn append(&self, topic: &TopicName, data: PartitionProduceData) -> PartitionProduceResponse {
        let appended = self.partition(topic, data.index).and_then(|partition| {
            let records = data.records.ok_or(ResponseError::InvalidRecord)?;
            let mut log = partition.log();
            Ok((log.append(records)?, log.start()))
        });
        let error = code(&appended);
        let (base_offset, start) = appended.unwrap_or((-1, -1));
        PartitionProduceResponse::default()
            .with_index(data.index)
            .with_error_code(error)
            .with_base_offset(base_offset)
            .with_log_append_time_ms(-1)
            .with_log_start_offset(start)
    }
}
