//! The gRPC server shell: limits, deadline, trace, metrics, panics, tokens, health and reflection in one place.

use std::net::SocketAddr;
use std::time::Duration;

use axum::middleware::{from_fn, from_fn_with_state};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::service::{Routes, RoutesBuilder};
use tonic::transport::Server;
use tonic_health::ServingStatus;

use super::layers::{self, CallPlaces};
use crate::auth::Verifier;
use crate::config::Settings;
use crate::health::Health;
use crate::http_server::guarded::Guarded;

const REFLECTION_V1: &str = "grpc.reflection.v1.ServerReflection";
const REFLECTION_V1ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

/// Limits of a gRPC server. tonic sets none of them by itself.
#[derive(Clone, Debug)]
pub struct GrpcServerConfig {
    /// Where it listens; port 0 picks one.
    pub addr: SocketAddr,
    /// Longest time for a call, whatever its caller asks for.
    pub max_call_time: Duration,
    /// Most calls at one time; the next one is told to come again.
    pub max_concurrent_calls: usize,
    /// Whether reflection is served.
    pub reflection: bool,
}

impl GrpcServerConfig {
    /// Reads the settings; `name` and `default` are those of the service's own address.
    pub fn from_settings(settings: &mut Settings, name: &'static str, default: &str) -> Self {
        Self {
            addr: settings.value(name, "Address of the gRPC server.", default),
            max_call_time: settings.time(
                "GRPC_MAX_CALL_TIME_MS",
                "Longest time for a gRPC call.",
                30_000,
                100..=600_000,
            ),
            max_concurrent_calls: settings.number(
                "GRPC_MAX_CONCURRENT_CALLS",
                "Most gRPC calls at one time.",
                1_024,
                1..=1_000_000,
            ),
            reflection: settings.value("GRPC_REFLECTION", "Whether gRPC reflection is served.", "true"),
        }
    }
}

/// A server being put together.
#[derive(Debug)]
pub struct GrpcServer {
    config: GrpcServerConfig,
    health: Health,
    verifier: Option<Verifier>,
    routes: RoutesBuilder,
    services: Vec<&'static str>,
}

/// A server that cannot be set up or that failed.
#[derive(Debug, thiserror::Error)]
pub enum GrpcServerError {
    /// The descriptor set does not suit reflection.
    #[error("gRPC reflection cannot be set up")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The server ended with an error.
    #[error("the gRPC server failed")]
    Serve(#[from] tonic::transport::Error),
}

impl GrpcServer {
    /// A server without services; its health follows `health`.
    pub fn new(config: GrpcServerConfig, health: Health) -> Self {
        Self { config, health, verifier: None, routes: Routes::builder(), services: Vec::new() }
    }

    /// Verifies access tokens for every RPC that the contracts do not call public.
    #[must_use]
    pub fn authenticate(mut self, verifier: Verifier) -> Self {
        self.verifier = Some(verifier);
        self
    }

    /// Adds a service.
    #[must_use]
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: tower::Service<http::Request<tonic::body::Body>, Error = std::convert::Infallible>
            + tonic::server::NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.services.push(S::NAME);
        self.routes.add_service(service);
        self
    }

    /// Serves until `shutdown`, then finishes the calls that are running.
    pub async fn serve(
        mut self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), GrpcServerError> {
        let served_here = self.services.clone();
        let following = self.add_health(&shutdown);
        if self.config.reflection {
            let reflection = || reflection(&served_here);
            self.routes.add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
        }
        let mut router = self.routes.routes().into_axum_router();
        if let Some(verifier) = self.verifier {
            router = router.layer(from_fn_with_state(verifier, layers::authenticate));
        }
        let places = CallPlaces::new(
            self.config.max_concurrent_calls,
            self.config.max_call_time * layers::STREAM_FACTOR,
        );
        // Each `layer` wraps what stands above it, so a request meets them from the last line to the first.
        let router = router
            // The handler may take the time that is left after the rest.
            .layer(from_fn_with_state(self.config.max_call_time, layers::deadline))
            // After the body is there: nobody's slowness takes the place of others. A call over the limit costs next to nothing, and still has its span and metric.
            .layer(from_fn_with_state(places, layers::limit))
            // Inside `observe`, so that a panic counts as INTERNAL.
            .layer(from_fn(layers::catch_panic))
            // Outermost: it sees every outcome.
            .layer(from_fn(layers::observe));

        let served = Server::builder()
            .tcp_nodelay(true)
            .max_concurrent_streams(1_024)
            .http2_keepalive_interval(Some(Duration::from_secs(10)))
            .http2_keepalive_timeout(Some(Duration::from_secs(10)))
            // More than the gateway lets in, so that what it adds to a head is no reason to refuse it.
            .http2_max_header_list_size(32 * 1024)
            .add_routes(Routes::from(router))
            .serve_with_incoming_shutdown(nodelay(listener), shutdown.cancelled_owned())
            .await;
        following.abort();
        Ok(served?)
    }

    /// Serves grpc.health.v1. tonic's own reporter starts as SERVING, so it is told the truth before the first call.
    fn add_health(&mut self, shutdown: &CancellationToken) -> tokio::task::JoinHandle<()> {
        let (reporter, service) = tonic_health::server::health_reporter();
        self.routes.add_service(service);
        let services = std::mem::take(&mut self.services);
        let mut reports = self.health.watch();
        let health = self.health.clone();
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            loop {
                let serving = reports.borrow_and_update().ready && !shutdown.is_cancelled();
                let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
                for service in services.iter().copied().chain([""]) {
                    reporter.set_service_status(service, status).await;
                }
                tokio::select! {
                    changed = reports.changed() => if changed.is_err() { return },
                    () = shutdown.cancelled(), if !health.report().draining => health.drain(),
                }
            }
        })
    }
}

/// Tells of the services of this port and of no others, although the contracts know more. The types of error details
/// are in the set, so that a tool can print them.
fn reflection(services: &[&'static str]) -> tonic_reflection::server::Builder<'static> {
    let own = ["grpc.health.v1.Health", REFLECTION_V1, REFLECTION_V1ALPHA];
    let builder = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(fitness_proto::DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
        .include_reflection_service(false);
    services.iter().copied().chain(own).fold(builder, tonic_reflection::server::Builder::with_service_name)
}

/// Accepts connections with Nagle's algorithm off: small responses leave at once.
fn nodelay(listener: TcpListener) -> impl futures::Stream<Item = std::io::Result<Guarded<TcpStream>>> {
    use futures::StreamExt as _;
    TcpListenerStream::new(listener).map(|accepted| {
        let stream = accepted?;
        stream.set_nodelay(true)?;
        Ok(Guarded::http2_only(stream))
    })
}
