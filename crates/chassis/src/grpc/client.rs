//! The gRPC client shell: the replicas of a service, several kept connections to each, a client span around each call,
//! trace context on the wire, and another try for a call that never arrived.

mod delivery;
mod health;
mod message;
mod replica;
mod replicas;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

pub use self::delivery::CallError;
pub use self::health::watch_health;
use self::replicas::Replicas;
pub use self::replicas::{EndpointError, Endpoints};
use super::methods;
use super::status_name::status_name;
use crate::telemetry;

/// Calls one service, wherever its replicas are; clones share the connections.
#[derive(Clone, Debug)]
pub struct Client {
    replicas: Replicas,
    traced: bool,
}

/// Prepares `connections` connections to each replica of a service, each opened at its first call.
///
/// `endpoints` are URLs such as `http://127.0.0.1:50051`, separated by commas. A name that stands for several addresses
/// (a headless service of Kubernetes, for example) stands for as many replicas, and is looked up again and again.
pub fn connect(endpoints: &str, connections: usize) -> Result<Client, EndpointError> {
    Ok(Client { replicas: Replicas::new(endpoints, connections)?, traced: true })
}

impl Client {
    /// Whether a replica is known that is not known to be away.
    pub fn has_replica(&self) -> bool {
        self.replicas.any_welcomes()
    }

    /// The same client for calls that a service makes by the clock: they leave no trace, here and there.
    #[must_use]
    pub fn untraced(mut self) -> Self {
        self.traced = false;
        self
    }
}

impl Service<Request<Body>> for Client {
    type Response = Response<Body>;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    /// Always ready: which replica takes a call, and whether it does, shows in the call.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let known = methods::find(request.uri().path());
        let takes_stream = known.is_none_or(|method| method.takes_stream);
        let replicas = self.replicas.clone();
        if !self.traced {
            telemetry::inject_untraced(request.headers_mut());
            return Box::pin(async move { delivery::deliver(&replicas, request, takes_stream).await });
        }
        let name = known.map_or("other", |method| method.name.as_str());
        let span = tracing::info_span!(
            "rpc.client",
            otel.name = name,
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            rpc.system.name = "grpc",
            rpc.method = name,
            rpc.response.status_code = tracing::field::Empty,
            server.address = tracing::field::Empty,
            server.port = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        telemetry::inject(&span.context(), request.headers_mut());
        let recorded = span.clone();
        Box::pin(
            async move {
                let result = delivery::deliver(&replicas, request, takes_stream).await;
                let code = match &result {
                    Ok(response) => {
                        Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code())
                    }
                    Err(_) => Code::Unavailable,
                };
                recorded.record("rpc.response.status_code", status_name(code));
                if code != Code::Ok {
                    recorded.record("error.type", status_name(code));
                    recorded.record("otel.status_code", "ERROR");
                }
                result
            }
            .instrument(span),
        )
    }
}
