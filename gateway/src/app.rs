//! The gateway put together: listeners, clients, routes, tasks.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::grpc::client::{self, Client};
use chassis::health::{Health, Need};
use chassis::lifecycle::Tasks;
use chassis::ops;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use transcoder::Transcoder;

use crate::config::GatewayConfig;
use crate::{http_server, layers, routes};

/// A gateway that listens and can be run.
pub struct App {
    config: GatewayConfig,
    health: Health,
    http: TcpListener,
    ops: TcpListener,
    user_svc: Client,
    transcoder: Transcoder,
}

/// A gateway that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] ops::BindError),
    /// `USER_SVC_URL` is no URL.
    #[error("USER_SVC_URL does not fit")]
    Endpoint(#[from] client::EndpointError),
    /// The contracts hold a route that cannot be served.
    #[error("the contracts cannot be served as REST")]
    Routes(#[from] transcoder::BuildError),
}

impl App {
    /// Binds the listeners and makes the routes.
    pub async fn build(config: GatewayConfig) -> Result<Self, BuildError> {
        let user_svc = client::connect(&config.user_svc_url, config.connections_per_service)?;
        let transcoder = Transcoder::builder(fitness_proto::DESCRIPTOR_SET)
            .service("fitness.user.v1.AuthService", user_svc.clone())
            .service("fitness.user.v1.UserService", user_svc.clone())
            .success_status_option("fitness.options.v1.success_status")
            .public_option("fitness.options.v1.public")
            .max_body_bytes(config.max_body_bytes)
            .default_timeout(config.default_timeout)
            .max_timeout(config.max_timeout)
            .build()?;
        let http = ops::bind(config.http_addr, "GATEWAY_HTTP_ADDR").await?;
        let ops = ops::bind(config.ops_addr, "GATEWAY_OPS_ADDR").await?;
        Ok(Self { config, health: Health::default(), http, ops, user_svc, transcoder })
    }

    /// Where clients connect.
    pub fn http_addr(&self) -> std::io::Result<SocketAddr> {
        self.http.local_addr()
    }

    /// Where the operator looks.
    pub fn ops_addr(&self) -> std::io::Result<SocketAddr> {
        self.ops.local_addr()
    }

    /// How the gateway is doing.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves until `shutdown`, then drains.
    pub async fn run_until(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let health = self.health;
        let user_svc = health.dependency("user-svc", Need::Required);
        let inner = routes::routes(self.transcoder.clone(), health.clone());
        let router = layers::wrap(inner, self.transcoder, &self.config);

        let tasks = Tasks::new(shutdown.clone());
        let drain_deadline = self.config.drain_deadline;
        let http = http_server::serve(self.http, router, drain_deadline, shutdown.clone());
        tasks.spawn("http", http);
        tasks.watch("user-svc health", client::watch_health(self.user_svc, user_svc, shutdown.clone()));
        // The operator's port outlives the others, so that probes can watch the drain.
        let ops_shutdown = CancellationToken::new();
        let ops = tokio::spawn(ops::serve(self.ops, ops::routes(health.clone()), ops_shutdown.clone()));

        shutdown.cancelled().await;
        health.drain();
        let finished = tasks.drain(drain_deadline + Duration::from_secs(1)).await;
        ops_shutdown.cancel();
        ops.await??;
        anyhow::ensure!(finished, "some work was cut off at the drain deadline");
        Ok(())
    }
}
