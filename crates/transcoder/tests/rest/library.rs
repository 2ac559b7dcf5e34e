//! A gRPC server for the library, and REST requests to it.
//!
//! The server knows no generated types: it reads each request by its descriptor, keeps it for the test to look at, and
//! answers what the test asked it to; by default the request itself where the types allow.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage as _};
use serde_json::Value;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::ServiceExt as _;
use transcoder::{Transcoder, TranscoderBuilder};

pub(crate) const SERVICE: &str = "library.v1.BookService";

/// The compiled .proto files, comments and options included.
pub(crate) fn descriptor_set() -> Vec<u8> {
    static SET: OnceLock<Vec<u8>> = OnceLock::new();
    SET.get_or_init(|| compile("library/v1/library.proto")).clone()
}

fn compile(file: &str) -> Vec<u8> {
    let root = env!("CARGO_MANIFEST_DIR");
    let includes = [format!("{root}/tests/proto"), format!("{root}/../../proto")];
    let mut compiler = protox::Compiler::new(includes).unwrap();
    compiler.include_imports(true).include_source_info(true).open_file(file).unwrap();
    compiler.encode_file_descriptor_set()
}

pub(crate) fn pool() -> DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(descriptor_set().as_slice()).unwrap()).clone()
}

/// What the server does with the next call.
pub(crate) enum Reply {
    Message(Value),
    Dynamic(DynamicMessage),
    MessageWithMetadata(Value, MetadataMap),
    Status(Status),
    Never,
}

/// A call as the server saw it.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) message: DynamicMessage,
    pub(crate) headers: HeaderMap,
}

impl Call {
    /// The message in JSON, with only the fields that are set.
    pub(crate) fn json(&self) -> Value {
        let options = prost_reflect::SerializeOptions::new().use_proto_field_name(true);
        self.message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
    }
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    calls: Vec<Call>,
}

/// The server, the transcoder in front of it, and what has happened so far.
pub(crate) struct Library {
    pub(crate) transcoder: Transcoder,
    script: Arc<Mutex<Script>>,
}

impl Library {
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    pub(crate) async fn start_with(configure: impl FnOnce(TranscoderBuilder) -> TranscoderBuilder) -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::clone(&script);
        let server =
            axum::Router::new().fallback(move |request: Request<axum::body::Body>| serve(state, request));
        tokio::spawn(async move { axum::serve(listener, server).await });
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
        Self { transcoder: configure(builder(channel)).build().unwrap(), script }
    }

    pub(crate) fn reply(&self, reply: Reply) {
        self.script.lock().unwrap().replies.push_back(reply);
    }

    /// The only call since the last look.
    pub(crate) fn call(&self) -> Call {
        let mut script = self.script.lock().unwrap();
        let call = script.calls.pop().expect("the server was not called");
        assert!(script.calls.is_empty(), "the server was called more than once");
        call
    }

    pub(crate) fn was_called(&self) -> bool {
        !self.script.lock().unwrap().calls.is_empty()
    }

    pub(crate) async fn send(&self, request: Request<Full<bytes::Bytes>>) -> Answer {
        let response = self.transcoder.clone().oneshot(request).await.unwrap();
        Answer::read(response).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, None)).await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(request(method, path, Some(body))).await
    }
}

/// A builder with the options of the library.
pub(crate) fn builder(channel: Channel) -> TranscoderBuilder {
    Transcoder::builder(descriptor_set())
        .service(SERVICE, channel)
        .success_status_option("library.v1.success")
        .optional_body_option("library.v1.optional_body")
        .nullable_option("library.v1.nullable")
        .public_option("library.v1.open")
        .max_body_bytes(64 * 1024)
        .default_timeout(Duration::from_secs(20))
}

/// A request, with the content type of JSON if it has a body.
pub(crate) fn request(method: &str, path: &str, body: Option<&str>) -> Request<Full<bytes::Bytes>> {
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    request.body(Full::from(body.unwrap_or_default().to_owned())).unwrap()
}

/// A response that has been read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
}

impl Answer {
    async fn read(response: Response<transcoder::Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The violations as `field: description`, after a check that the answer is a 400.
    pub(crate) fn violations(&self) -> Vec<String> {
        assert_eq!(self.status, 400, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        let violations = problem["violations"].as_array().cloned().unwrap_or_default();
        let line = |violation: Value| {
            let part = |name: &str| violation[name].as_str().unwrap().to_owned();
            format!("{}: {}", part("field"), part("description"))
        };
        violations.into_iter().map(line).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "a stand-in of a service takes what comes")]
async fn serve(script: Arc<Mutex<Script>>, request: Request<axum::body::Body>) -> Response<Body> {
    let rpc = request.uri().path().strip_prefix(&format!("/{SERVICE}/")).unwrap().to_owned();
    let service = pool().get_service_by_name(SERVICE).unwrap();
    let method = service.methods().find(|method| method.name() == rpc).unwrap();
    let codec = DynamicCodec { input: method.input() };
    let headers = request.headers().clone();
    let handler = move |request: tonic::Request<DynamicMessage>| {
        handle(&script, method.clone(), headers.clone(), request.into_inner())
    };
    tonic::server::Grpc::new(codec).unary(tower::service_fn(handler), request).await
}

fn handle(
    script: &Mutex<Script>,
    method: MethodDescriptor,
    headers: HeaderMap,
    message: DynamicMessage,
) -> impl Future<Output = Result<tonic::Response<DynamicMessage>, Status>> + use<> {
    let mut script = script.lock().unwrap();
    let reply = script.replies.pop_front();
    script.calls.push(Call { method: method.name().to_owned(), message: message.clone(), headers });
    drop(script);
    let output = method.output();
    let read = move |json: Value| DynamicMessage::deserialize(output, json).unwrap();
    async move {
        match reply {
            Some(Reply::Message(json)) => Ok(tonic::Response::new(read(json))),
            Some(Reply::MessageWithMetadata(json, metadata)) => {
                Ok(tonic::Response::from_parts(metadata, read(json), tonic::Extensions::default()))
            }
            Some(Reply::Dynamic(message)) => Ok(tonic::Response::new(message)),
            Some(Reply::Status(status)) => Err(status),
            Some(Reply::Never) => std::future::pending().await,
            None if message.descriptor() == method.output() => Ok(tonic::Response::new(message)),
            None => Ok(tonic::Response::new(DynamicMessage::new(method.output()))),
        }
    }
}

struct DynamicCodec {
    input: prost_reflect::MessageDescriptor,
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
        DynamicDecoder(self.input.clone())
    }
}

struct DynamicEncoder;

impl Encoder for DynamicEncoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(buffer).map_err(|error| Status::new(Code::Internal, error.to_string()))
    }
}

struct DynamicDecoder(prost_reflect::MessageDescriptor);

impl Decoder for DynamicDecoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.0.clone(), buffer);
        message.map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
