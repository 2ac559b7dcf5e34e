//! The call to the gRPC service behind a route.

use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};
use tower::util::BoxCloneSyncService;

use crate::route::Operation;

/// Any gRPC client transport, with its type forgotten and its errors as tonic understands them.
pub(crate) type Backend =
    BoxCloneSyncService<http::Request<tonic::body::Body>, http::Response<tonic::body::Body>, Status>;

/// Calls a unary rpc. The deadline travels with the call and is kept here as well.
pub(crate) async fn call(
    operation: &Operation,
    message: DynamicMessage,
    metadata: MetadataMap,
    deadline: Instant,
) -> Result<Response<DynamicMessage>, Status> {
    let mut request = Request::from_parts(metadata, tonic::Extensions::default(), message);
    request.set_timeout(deadline.saturating_duration_since(Instant::now()));
    // How much a service may answer is the service's own limit; tonic would report ours as OUT_OF_RANGE, the
    // client's fault.
    let mut client = Grpc::new(operation.backend.clone()).max_decoding_message_size(usize::MAX);
    let codec = DynamicCodec { output: operation.output.clone() };
    let answer = async {
        client.ready().await?;
        client.unary(request, operation.grpc_path.clone(), codec).await
    };
    tokio::time::timeout_at(deadline, answer).await.unwrap_or_else(|_| Err(timed_out()))
}

fn timed_out() -> Status {
    Status::deadline_exceeded("The deadline passed before there was an answer.")
}

/// Writes dynamic messages straight into tonic's buffers and reads them from there.
struct DynamicCodec {
    output: MessageDescriptor,
}

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = DynamicEncoder;
    type Decoder = DynamicDecoder;

    fn encoder(&mut self) -> DynamicEncoder {
        DynamicEncoder
    }

    fn decoder(&mut self) -> DynamicDecoder {
        DynamicDecoder { output: self.output.clone() }
    }
}

struct DynamicEncoder;

impl Encoder for DynamicEncoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode_raw(buffer);
        Ok(())
    }
}

struct DynamicDecoder {
    output: MessageDescriptor,
}

impl Decoder for DynamicDecoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.output.clone(), buffer);
        message.map(Some).map_err(|error| Status::internal(format!("the answer cannot be read: {error}")))
    }
}
