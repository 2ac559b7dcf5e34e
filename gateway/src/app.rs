//! The gateway put together: listeners, clients, routes, tasks.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::auth::{KeySetFetcher, Verifier};
use chassis::health::{Health, Need};
use chassis::http_server::HttpServer;
use chassis::lifecycle::Tasks;
use chassis::ops;
use eventbus::{BrokerConfigError, BusSubscriber};
use fitness_proto::fitness::user::v1::file_service_client::FileServiceClient;
use fitness_proto::fitness::user::v1::user_service_client::UserServiceClient;
use fitness_proto::fitness::workout::v1::trainer_service_client::TrainerServiceClient;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use transcoder::Transcoder;

use crate::config::GatewayConfig;
use crate::feed::{self, Feed, Hub, Standing};
use crate::files::Files;
use crate::layers::client_identity;
use crate::services::{ServiceUrlError, Services};
use crate::{layers, routes};

/// A gateway that listens and can be run.
pub struct App {
    config: GatewayConfig,
    health: Health,
    http: TcpListener,
    ops: TcpListener,
    services: Services,
    transcoder: Transcoder,
    consumer: BusSubscriber,
    verifier: Verifier,
    keys: KeySetFetcher,
}

/// A gateway that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] ops::BindError),
    /// A setting names no endpoint.
    #[error(transparent)]
    Service(#[from] ServiceUrlError),
    /// The contracts hold a route that cannot be served.
    #[error("the contracts cannot be served as REST")]
    Routes(#[from] transcoder::BuildError),
    /// The live feed cannot be set up.
    #[error(transparent)]
    Bus(#[from] BrokerConfigError),
}

impl App {
    /// Binds the listeners and makes the routes. None of the services has to be there.
    pub async fn build(config: GatewayConfig) -> Result<Self, BuildError> {
        let http = ops::bind(config.http_addr, "GATEWAY_HTTP_ADDR").await?;
        Self::build_on(http, config).await
    }

    /// The same on a listener that is bound already, because others have to know its address.
    pub async fn build_on(http: TcpListener, config: GatewayConfig) -> Result<Self, BuildError> {
        let services = Services::connect(&config)?;
        let mut transcoder = Transcoder::builder(fitness_proto::DESCRIPTOR_SET);
        for (name, client) in services.rpc_services() {
            transcoder = transcoder.service(name, client);
        }
        let transcoder = transcoder
            .success_status_option("fitness.options.v1.success_status")
            .public_option("fitness.options.v1.public")
            .optional_body_option("fitness.options.v1.optional_body")
            .nullable_option("fitness.options.v1.nullable")
            .forward_header(client_identity::USER_AGENT.as_str())
            .forward_header(client_identity::ADDRESS.as_str())
            .max_body_bytes(config.max_body_bytes)
            .default_timeout(config.default_timeout)
            .max_timeout(config.max_timeout)
            .build()?;
        let consumer = feed::consumer(&config.kafka)?;
        let (verifier, keys) = Verifier::remote(&config.jwt_issuer);
        let ops = ops::bind(config.ops_addr, "GATEWAY_OPS_ADDR").await?;
        let health = Health::default();
        Ok(Self { config, health, http, ops, services, transcoder, consumer, verifier, keys })
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
        let Self { config, health, http, ops, services, transcoder, consumer, verifier, keys } = self;
        let tasks = Tasks::new(CancellationToken::new());
        let stop = tasks.shutdown().clone();

        let hub = Hub::new(config.feed);
        let kafka = health.dependency("kafka", Need::Deferrable);
        tasks.spawn("feed", feed::consume(hub.clone(), consumer, config.kafka.clone(), kafka, stop.clone()));
        tasks.watch("endings of feeds", feed::end_with_sessions(hub.clone(), verifier.clone(), stop.clone()));
        let token_keys = health.dependency("token-keys", Need::Deferrable);
        tasks.watch("token keys", keys.run(services.user_unguarded(), token_keys, stop.clone()));

        let files =
            Files { client: FileServiceClient::new(services.user()), timeout: config.default_timeout };
        let standing = Standing {
            users: UserServiceClient::new(services.user()),
            trainers: TrainerServiceClient::new(services.workout()),
        };
        let feed = Feed { hub, verifier, standing, heartbeat: config.feed.heartbeat, shutdown: stop.clone() };
        let routes = routes::routes(&transcoder, files, feed, health.clone());
        let service = layers::wrap(routes, transcoder, &config);
        let proxies = config.trusted_proxies.clone();
        let server =
            HttpServer::new(service, config.http_limits).trust(move |address| proxies.contains(address));
        services.watch(&health, &tasks);
        tasks.spawn("http", server.serve(http, config.drain.deadline, stop.clone()));
        // The operator's port outlives the others, so that probes can watch the drain.
        let ops_shutdown = CancellationToken::new();
        let ops = tokio::spawn(ops::serve(ops, ops::routes(health.clone()), ops_shutdown.clone()));

        config.drain.until_stop(&health, &shutdown, &[&tasks]).await;
        let finished = tasks.drain(config.drain.deadline + Duration::from_secs(1)).await;
        ops_shutdown.cancel();
        ops.await??;
        if let Some(failure) = tasks.failure() {
            anyhow::bail!("{failure}");
        }
        anyhow::ensure!(finished, "some work was cut off at the drain deadline");
        Ok(())
    }
}
