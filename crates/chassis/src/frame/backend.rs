//! A service with a database, an outbox, events and a gRPC server.
//!
//! Probes, token keys and the gRPC server are there from the first moment: a service whose database is away can be asked
//! how it is. All else needs the tables and waits until they are up to date.

use std::net::SocketAddr;

use anyhow::Context as _;
use eventbus::{BrokerPublisher as _, BusPublisher, BusState, ConsumerConfig, Handler, Subscriber as _};
use futures::future::BoxFuture;
use outbox::{Outbox, Relay, RelayConfig};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{BackendConfig, Frame, Identity, Parts, Start, TaskOutcome, start};
use crate::auth::{TokenKeys, Verifier};
use crate::bus::{BusSettings, TopicPlan};
use crate::grpc::server::GrpcServer;
use crate::health::{Dependency, Health, Need};
use crate::migrations::{MigrationError, Tables};
use crate::{bus, database, ops};

/// Fills tables that are up to date.
type Seed = Box<dyn FnMut() -> BoxFuture<'static, sqlx::Result<()>> + Send>;

/// A service, bound to its addresses and not serving yet.
pub struct Backend {
    frame: Frame,
    pool: PgPool,
    outbox: Outbox,
    tables: &'static Tables,
    migrate: bool,
    seed: Seed,
    schema: Dependency,
    relay: RelayConfig,
    publisher: BusPublisher,
    bus: BusSettings,
    broker: Dependency,
    listening: Option<watch::Receiver<BusState>>,
    grpc: TcpListener,
    server: GrpcServer,
    with_tables: Vec<Start>,
}

impl Backend {
    /// Binds the addresses. Neither the database nor the broker has to be there.
    pub async fn bind(
        identity: &Identity,
        tables: &'static Tables,
        config: BackendConfig,
    ) -> anyhow::Result<Self> {
        let pool = database::open(&config.database, identity.name)
            .context("DATABASE_URL is not a PostgreSQL URL")?;
        let publisher = config.kafka.broker().publisher()?;
        let grpc = ops::bind(config.grpc.addr, identity.grpc_addr.0).await?;
        let mut frame = Frame::bind(config.ops_addr, identity.ops_addr.0, config.drain).await?;
        // Known to the health from the start: with none of them the service would count as ready.
        let health = frame.health();
        let postgres = health.dependency("postgres", Need::Required);
        let schema = health.dependency("schema", Need::Required);
        let broker = health.dependency("kafka", Need::Deferrable);
        let probed = pool.clone();
        frame.rear("postgres", |stop| database::watch(probed, postgres, stop));
        Ok(Self {
            frame,
            pool,
            outbox: Outbox::new(identity.name),
            tables,
            migrate: config.migrate_on_start,
            seed: Box::new(|| Box::pin(async { Ok(()) })),
            schema,
            relay: config.relay,
            publisher,
            bus: config.kafka,
            broker,
            listening: None,
            grpc,
            server: GrpcServer::new(config.grpc, health),
            with_tables: Vec::new(),
        })
    }

    /// The database.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// Where events are enqueued.
    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// What publishes past the outbox.
    pub fn publisher(&self) -> BusPublisher {
        self.publisher.clone()
    }

    /// How the service is doing.
    pub fn health(&self) -> Health {
        self.frame.health()
    }

    /// Where the gRPC server listens.
    pub fn grpc_addr(&self) -> std::io::Result<SocketAddr> {
        self.grpc.local_addr()
    }

    /// Where health and metrics are served.
    pub fn ops_addr(&self) -> std::io::Result<SocketAddr> {
        self.frame.ops_addr()
    }

    /// The token that is cancelled when the front has to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.frame.stopping()
    }

    /// Fills the tables once they are up to date, if bringing them there is this service's job.
    #[must_use]
    pub fn seed<F>(mut self, mut seed: impl FnMut() -> F + Send + 'static) -> Self
    where
        F: Future<Output = sqlx::Result<()>> + Send + 'static,
    {
        self.seed = Box::new(move || Box::pin(seed()));
        self
    }

    /// Verifies access tokens.
    #[must_use]
    pub fn authenticate(mut self, verifier: Verifier) -> Self {
        self.server = self.server.authenticate(verifier);
        self
    }

    /// Verifies access tokens by `keys` and hears which sessions are over; `need` says what the service is without.
    pub fn token_keys(mut self, keys: &TokenKeys, need: Need) -> anyhow::Result<Self> {
        let (verifier, source) = keys.verifier(&self.health(), need).context("USER_SVC_URL does not fit")?;
        if let Some(source) = source {
            self.frame.rear("token-keys", |stop| source.run(stop));
        }
        Ok(self.authenticate(verifier))
    }

    /// Serves a gRPC service.
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
        self.server = self.server.service(service);
        self
    }

    /// Handles events as `config` says, once the topics of `plan` are there. Each consumer is a task of its own: none
    /// waits for the topics of another.
    pub fn consumer<H: Handler>(
        mut self,
        name: &'static str,
        config: ConsumerConfig,
        plan: TopicPlan,
        handler: H,
    ) -> anyhow::Result<Self> {
        let consumer = self.bus.broker().subscriber(config)?;
        self.listening.get_or_insert_with(|| consumer.state());
        Ok(self.front(name, move |stop| async move {
            plan.ensure(&stop).await;
            consumer.run(handler, stop).await
        }))
    }

    /// Adds a task that begins work, by the clock for example, and needs the tables.
    #[must_use]
    pub fn front<F>(
        self,
        name: &'static str,
        task: impl FnOnce(CancellationToken) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output: TaskOutcome> + Send + 'static,
    {
        self.start_with(move |parts| start(&parts.front, name, task))
    }

    /// Adds a task that calls need until the last of them has ended, and that needs the tables.
    #[must_use]
    pub fn rear<F>(
        self,
        name: &'static str,
        task: impl FnOnce(CancellationToken) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output: TaskOutcome> + Send + 'static,
    {
        self.start_with(move |parts| start(&parts.rear, name, task))
    }

    /// Adds what starts tasks of its own and needs the tables.
    #[must_use]
    pub fn start_with(mut self, start: impl FnOnce(&Parts) + Send + 'static) -> Self {
        self.with_tables.push(Box::new(start));
        self
    }

    /// Serves until `shutdown`, then stops as [`super`] says.
    pub async fn run_until(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self { mut frame, pool, outbox, tables, migrate, seed, schema, relay, publisher, .. } = self;
        let state = self.listening.unwrap_or_else(|| publisher.state());
        let (broker, grpc, server) = (self.broker, self.grpc, self.server);
        frame.rear("kafka", |stop| bus::watch(state, broker, stop));
        frame.front("grpc", |stop| server.serve(grpc, stop));
        let relay = Relay::new(pool.clone(), publisher, &outbox, relay);
        let database = pool.clone();
        let with_tables = self.with_tables;
        frame.start_with(move |parts| {
            let parts = parts.clone();
            start(&parts.front.clone(), "start", |stop| async move {
                let migrating = tables.at_start(&database, migrate, &schema, seed);
                let Some(migrated) = stop.run_until_cancelled(migrating).await else { return Ok(()) };
                migrated?;
                start(&parts.rear, "relay", |stop| relay.run(stop));
                for start in with_tables {
                    start(&parts);
                }
                stop.cancelled().await;
                Ok::<_, MigrationError>(())
            });
        });
        let outcome = frame.run_until(shutdown).await;
        database::close(&pool).await;
        outcome
    }
}
