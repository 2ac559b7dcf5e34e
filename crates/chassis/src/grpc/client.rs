//! The gRPC client shell: several kept connections, a client span around each call, trace context on the wire.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::Service;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::methods;
use crate::health::Dependency;
use crate::telemetry;

/// Connections to one service. One HTTP/2 connection serialises its frames on a lock, so there are several; each
/// clone of the client takes the next of them.
#[derive(Debug)]
pub struct Client {
    connections: Arc<[Channel]>,
    next: Arc<AtomicUsize>,
    current: Channel,
}

/// An endpoint that is no URL.
#[derive(Debug, thiserror::Error)]
#[error("a gRPC endpoint is a URL such as http://127.0.0.1:50051")]
pub struct EndpointError(#[from] tonic::transport::Error);

/// Opens `connections` connections to `endpoint`, for example `http://127.0.0.1:50051`, each at its first call.
pub fn connect(endpoint: &str, connections: usize) -> Result<Client, EndpointError> {
    let endpoint = Endpoint::from_shared(endpoint.to_owned())?
        .connect_timeout(Duration::from_secs(2))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true);
    let connections: Arc<[Channel]> = (0..connections.max(1)).map(|_| endpoint.connect_lazy()).collect();
    let current = connections[0].clone();
    Ok(Client { connections, next: Arc::default(), current })
}

impl Clone for Client {
    fn clone(&self) -> Self {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        Self {
            connections: self.connections.clone(),
            next: self.next.clone(),
            current: self.connections[index].clone(),
        }
    }
}

impl Service<Request<Body>> for Client {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.current.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let known = methods::find(request.uri().path());
        let span = tracing::info_span!(
            "rpc.client",
            otel.name = known.map_or("other", |method| method.name.as_str()),
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            rpc.system = "grpc",
            rpc.service = known.map(|method| method.service.as_str()),
            rpc.method = known.map(|method| method.method.as_str()),
            rpc.grpc.status_code = tracing::field::Empty,
        );
        telemetry::inject(&span.context(), request.headers_mut());
        let answer = self.current.call(request);
        let recorded = span.clone();
        Box::pin(
            async move {
                let result = answer.await;
                let code = match &result {
                    Ok(response) => {
                        Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code())
                    }
                    Err(_) => Code::Unavailable,
                };
                recorded.record("rpc.grpc.status_code", code as i32);
                if code != Code::Ok {
                    recorded.record("otel.status_code", "ERROR");
                }
                result
            }
            .instrument(span),
        )
    }
}

/// How often the health of a service is asked for.
const HEALTH_INTERVAL: Duration = Duration::from_millis(500);
/// A service that hangs takes the question and never answers. Shorter would call a busy one hung.
const HEALTH_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Asks the service's health twice a second and tells `dependency`, until `shutdown`.
pub async fn watch_health(client: Client, dependency: Dependency, shutdown: CancellationToken) {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::health_client::HealthClient;

    let mut health = HealthClient::new(client.current);
    let mut tick = tokio::time::interval(HEALTH_INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = tick.tick() => {}
        }
        let mut request = tonic::Request::new(HealthCheckRequest { service: String::new() });
        request.set_timeout(HEALTH_TIMEOUT);
        match tokio::time::timeout(HEALTH_TIMEOUT, health.check(request)).await {
            Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving => dependency.up(),
            Ok(Ok(_)) => dependency.down("not ready"),
            Ok(Err(_)) => dependency.down("not reachable"),
            Err(_) => dependency.down("no answer in time"),
        }
    }
}
