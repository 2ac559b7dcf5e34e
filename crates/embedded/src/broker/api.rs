//! Which requests are understood, in which versions, and who answers them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, ConsumerGroupHeartbeatResponse, FindCoordinatorResponse,
    InitProducerIdRequest, InitProducerIdResponse, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

use super::connection::host_and_port;
use super::groups::Groups;
use super::topics::{NODE, Topics};

/// The versions of each request. Produce claims the ones before 3 because librdkafka concludes from them that
/// compression works; nobody sends them, and they are refused.
const SUPPORTED: [(ApiKey, i16, i16); 19] = [
    (ApiKey::Produce, 0, 9),
    (ApiKey::Fetch, 4, 12),
    (ApiKey::ListOffsets, 1, 6),
    (ApiKey::Metadata, 0, 9),
    (ApiKey::OffsetCommit, 2, 8),
    (ApiKey::OffsetFetch, 1, 7),
    (ApiKey::FindCoordinator, 0, 3),
    (ApiKey::JoinGroup, 0, 7),
    (ApiKey::Heartbeat, 0, 4),
    (ApiKey::LeaveGroup, 0, 4),
    (ApiKey::SyncGroup, 0, 5),
    (ApiKey::DescribeGroups, 0, 5),
    (ApiKey::ListGroups, 0, 4),
    (ApiKey::ApiVersions, 0, 3),
    (ApiKey::CreateTopics, 2, 6),
    (ApiKey::DeleteTopics, 1, 5),
    (ApiKey::InitProducerId, 0, 4),
    (ApiKey::DescribeConfigs, 1, 4),
    // Answered by a refusal in words: a client that finds it missing waits in silence.
    (ApiKey::ConsumerGroupHeartbeat, 0, 1),
];

/// A request that cannot be answered; its connection is closed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("the request with key {key} in version {version} is not supported")]
    Unsupported { key: i16, version: i16 },
    #[error("the request is malformed: {0}")]
    Malformed(String),
}

/// Everything the broker knows.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) topics: Topics,
    pub(super) groups: Groups,
    next_producer: AtomicI64,
}

impl Default for Api {
    fn default() -> Self {
        // Ids of an earlier run may still be in use by producers that lived through the restart.
        let next_producer = AtomicI64::new(i64::from(rand::random::<u32>()) << 20);
        Self { topics: Topics::default(), groups: Groups::default(), next_producer }
    }
}

/// One request on its way to an answer.
struct Call {
    header: RequestHeader,
    body: Bytes,
}

impl Call {
    fn read(mut frame: Bytes) -> Result<(ApiKey, Self), RequestError> {
        let Some([a, b, c, d]) = frame.first_chunk::<4>() else {
            return Err(RequestError::Malformed("it is too short".to_owned()));
        };
        let (key, version) = (i16::from_be_bytes([*a, *b]), i16::from_be_bytes([*c, *d]));
        let unsupported = RequestError::Unsupported { key, version };
        let api_key = ApiKey::try_from(key).map_err(|()| RequestError::Unsupported { key, version })?;
        let known =
            SUPPORTED.iter().any(|(key, min, max)| *key == api_key && (*min..=*max).contains(&version));
        // A client may ask for the versions in a version of its own choice.
        if !known && api_key != ApiKey::ApiVersions {
            return Err(unsupported);
        }
        let header =
            RequestHeader::decode(&mut frame, api_key.request_header_version(version)).map_err(malformed)?;
        Ok((api_key, Self { header, body: frame }))
    }

    fn version(&self) -> i16 {
        self.header.request_api_version
    }

    fn request<R: Decodable>(&self) -> Result<R, RequestError> {
        R::decode(&mut self.body.clone(), self.header.request_api_version).map_err(malformed)
    }

    fn response<R: Encodable + HeaderVersion>(&self, response: &R) -> Result<Option<Bytes>, RequestError> {
        self.response_in(response, self.version())
    }

    fn response_in<R: Encodable + HeaderVersion>(
        &self,
        response: &R,
        version: i16,
    ) -> Result<Option<Bytes>, RequestError> {
        let mut frame = BytesMut::new();
        frame.put_u32(0);
        let header = ResponseHeader::default().with_correlation_id(self.header.correlation_id);
        header.encode(&mut frame, R::header_version(version)).map_err(malformed)?;
        response.encode(&mut frame, version).map_err(malformed)?;
        let length = (frame.len() - 4) as u32;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        Ok(Some(frame.freeze()))
    }
}

impl Api {
    /// Answers one frame. `None` if the client wants no answer. `advertised` is where clients find this broker.
    pub(super) async fn answer(
        &self,
        frame: Bytes,
        advertised: SocketAddr,
    ) -> Result<Option<Bytes>, RequestError> {
        let (key, call) = Call::read(frame)?;
        match key {
            ApiKey::ApiVersions => Self::api_versions(&call),
            ApiKey::Metadata => call.response(&self.topics.metadata(call.request()?, advertised)),
            ApiKey::CreateTopics => call.response(&self.topics.create(call.request()?)),
            ApiKey::DeleteTopics => call.response(&self.topics.delete(call.request()?)),
            ApiKey::Produce => match self.topics.produce(call.request()?) {
                Some(response) => call.response(&response),
                None => Ok(None),
            },
            ApiKey::InitProducerId => call.response(&self.init_producer_id(&call.request()?)),
            ApiKey::Fetch => call.response(&self.topics.fetch(call.request()?).await),
            ApiKey::ListOffsets => call.response(&self.topics.list_offsets(call.request()?)),
            ApiKey::FindCoordinator => call.response(&find_coordinator(advertised)),
            ApiKey::JoinGroup => {
                let client = call.header.client_id.clone().unwrap_or_default();
                call.response(&self.groups.join(call.request()?, client).await)
            }
            ApiKey::SyncGroup => call.response(&self.groups.sync(call.request()?).await),
            ApiKey::Heartbeat => call.response(&self.groups.heartbeat(&call.request()?)),
            ApiKey::LeaveGroup => {
                let version = call.version();
                call.response(&self.groups.leave(call.request()?, version))
            }
            ApiKey::OffsetCommit => call.response(&self.groups.commit_offsets(call.request()?)),
            ApiKey::OffsetFetch => call.response(&self.groups.fetch_offsets(call.request()?)),
            ApiKey::ListGroups => call.response(&self.groups.list(&call.request()?)),
            ApiKey::DescribeGroups => call.response(&self.groups.describe(call.request()?)),
            ApiKey::DescribeConfigs => call.response(&self.topics.describe_configs(call.request()?)),
            ApiKey::ConsumerGroupHeartbeat => call.response(&refuse_new_protocol()),
            _ => Err(RequestError::Unsupported { key: key as i16, version: call.version() }),
        }
    }

    fn api_versions(call: &Call) -> Result<Option<Bytes>, RequestError> {
        let keys = SUPPORTED.iter().map(|(key, min, max)| {
            ApiVersion::default().with_api_key(*key as i16).with_min_version(*min).with_max_version(*max)
        });
        let response = ApiVersionsResponse::default().with_api_keys(keys.collect());
        if (0..=3).contains(&call.version()) {
            return call.response(&response);
        }
        // KIP-511: version 0, which every client reads, tells a newer one what to use.
        call.response_in(&response.with_error_code(ResponseError::UnsupportedVersion.code()), 0)
    }

    fn init_producer_id(&self, request: &InitProducerIdRequest) -> InitProducerIdResponse {
        if request.transactional_id.is_some() {
            // There are no transactions; among the refusals this is one clients do not retry.
            let error = ResponseError::TransactionalIdAuthorizationFailed;
            return InitProducerIdResponse::default().with_error_code(error.code());
        }
        let id = self.next_producer.fetch_add(1, Ordering::Relaxed);
        InitProducerIdResponse::default().with_producer_id(id.into()).with_producer_epoch(0)
    }
}

fn find_coordinator(advertised: SocketAddr) -> FindCoordinatorResponse {
    let (host, port) = host_and_port(advertised);
    FindCoordinatorResponse::default()
        .with_node_id(NODE.into())
        .with_host(StrBytes::from_string(host))
        .with_port(port)
}

/// The groups of KIP-848, `group.protocol=consumer`, are not known here.
fn refuse_new_protocol() -> ConsumerGroupHeartbeatResponse {
    let text = "this broker knows the classic group protocol only; set group.protocol=classic";
    ConsumerGroupHeartbeatResponse::default()
        .with_error_code(ResponseError::UnsupportedVersion.code())
        .with_error_message(Some(StrBytes::from_static_str(text)))
}

fn malformed(error: impl std::fmt::Display) -> RequestError {
    RequestError::Malformed(error.to_string())
}

/// The code of an outcome: 0 if all is well.
pub(super) fn code<T>(outcome: &Result<T, ResponseError>) -> i16 {
    outcome.as_ref().err().map_or(0, ResponseError::code)
}
