//! The wiring of the service on one page.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chassis::auth::Verifier;
use chassis::grpc::server::GrpcServer;
use chassis::health::{Dependency, Health, Need};
use chassis::lifecycle::Tasks;
use chassis::migrations::MigrationError;
use chassis::time::{Clock, SystemClock};
use chassis::{bus, database, ops};
use eventbus::{BrokerPublisher as _, BusPublisher, BusSubscriber, Subscriber as _};
use fitness_proto::fitness::user::v1::auth_service_server::AuthServiceServer;
use fitness_proto::fitness::user::v1::ended_session_service_server::EndedSessionServiceServer;
use fitness_proto::fitness::user::v1::file_service_server::FileServiceServer;
use fitness_proto::fitness::user::v1::user_service_server::UserServiceServer;
use outbox::{Outbox, Relay};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::NAME;
use crate::accounts::Accounts;
use crate::config::UserSvcConfig;
use crate::ended_sessions::EndedSessions;
use crate::events::{self, Intake};
use crate::files::{Files, Objects};
use crate::grpc::{AuthApi, EndedSessionApi, FileApi, UserApi};
use crate::store::TABLES;

/// Longest time for what outlives the calls. The relay takes three seconds for its last batch.
const REAR_DEADLINE: Duration = Duration::from_secs(4);

/// user-svc, bound to its addresses and not serving yet.
pub struct App {
    config: UserSvcConfig,
    accounts: Accounts,
    files: Files,
    health: Health,
    dependencies: Dependencies,
    verifier: Verifier,
    publisher: BusPublisher,
    consumer: BusSubscriber,
    grpc: TcpListener,
    ops: TcpListener,
}

/// What the service depends on, known to its health from the start: with none it would count as ready.
struct Dependencies {
    postgres: Dependency,
    schema: Dependency,
    kafka: Dependency,
}

impl Dependencies {
    fn of(health: &Health) -> Self {
        Self {
            postgres: health.dependency("postgres", Need::Required),
            schema: health.dependency("schema", Need::Required),
            kafka: health.dependency("kafka", Need::Deferrable),
        }
    }
}

impl App {
    /// Binds the addresses. Neither the database nor the broker has to be there.
    pub async fn build(config: UserSvcConfig) -> anyhow::Result<Self> {
        Self::with_clock(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    pub async fn with_clock(config: UserSvcConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let pool = database::open(&config.database, NAME).context("DATABASE_URL is not a PostgreSQL URL")?;
        let tokens = config.access_tokens.clone();
        let verifier =
            Verifier::new(tokens.key_set(), tokens.issuer()).context("the public key does not verify")?;
        let publisher = config.kafka.broker().publisher()?;
        let consumer = events::consumer(&config.kafka_group);
        let consumer = config.kafka.broker().subscriber(consumer)?;
        let grpc = ops::bind(config.grpc.addr, "USER_SVC_GRPC_ADDR").await?;
        let ops = ops::bind(config.ops_addr, "USER_SVC_OPS_ADDR").await?;
        let accounts = Accounts {
            pool,
            outbox: Outbox::new(NAME),
            clock,
            passwords: config.passwords.clone(),
            pepper: config.pepper.clone(),
            sealing: config.sealing.clone(),
            access_tokens: tokens,
            session_lifetime: config.session_lifetime,
            limits: config.limits.clone(),
            admin_email: config.admin_email.clone(),
        };
        let files = Files {
            pool: accounts.pool.clone(),
            clock: Arc::clone(&accounts.clock),
            objects: Objects::open(&config.files.store)?,
            limits: config.files.limits,
            decoding: Arc::new(Semaphore::new(1)),
        };
        let health = Health::default();
        let dependencies = Dependencies::of(&health);
        Ok(Self { config, accounts, files, health, dependencies, verifier, publisher, consumer, grpc, ops })
    }

    /// Where the gRPC server listens.
    pub fn grpc_addr(&self) -> std::io::Result<SocketAddr> {
        self.grpc.local_addr()
    }

    /// Where health and metrics are served.
    pub fn ops_addr(&self) -> std::io::Result<SocketAddr> {
        self.ops.local_addr()
    }

    /// How the service is doing.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves until `shutdown`, then finishes what is running.
    pub async fn run_until(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self { config, accounts, files, health, dependencies, verifier, publisher, consumer, grpc, ops } =
            self;
        let Dependencies { postgres, schema, kafka: broker } = dependencies;
        let pool = accounts.pool.clone();

        // The relay, the probes and the operator's port outlive the gRPC server: the last calls still get their
        // events out, and a draining service can be watched.
        let rear = Tasks::new(CancellationToken::new());
        let token = || rear.shutdown().clone();
        rear.spawn("ops", ops::serve(ops, ops::routes(health.clone()), token()));
        rear.watch("postgres", database::watch(pool.clone(), postgres, token()));
        rear.watch("kafka", bus::watch(publisher.state(), broker, token()));
        let ended = EndedSessions::new(pool.clone(), accounts.access_tokens.lifetime());
        let relay = Relay::new(pool.clone(), publisher, &accounts.outbox, config.relay);

        let front = Tasks::new(CancellationToken::new());
        let (behind, before, stop) = (rear.clone(), front.clone(), token());
        let (keeper, sweeper) = (accounts.clone(), files.clone());
        let reader = ended.clone();
        let topics = events::topics(&config.kafka, &config.kafka_group);
        // Everything that needs the tables waits for them.
        rear.spawn("start", async move {
            let pool = keeper.pool.clone();
            let migrated = TABLES.at_start(&pool, config.migrate_on_start, &schema, || async { Ok(()) });
            let Some(migrated) = stop.run_until_cancelled(migrated).await else { return Ok(()) };
            migrated?;
            behind.watch("relay", relay.run(stop.clone()));
            let reader_stop = stop.clone();
            behind.watch("ended sessions", async move { reader.run(reader_stop).await });
            let (files_stop, house_stop, house) = (stop.clone(), stop.clone(), keeper.clone());
            let (searcher, search_stop) = (sweeper.clone(), stop.clone());
            behind.watch("files", async move { sweeper.run_sweeper(files_stop).await });
            behind.watch("stray objects", async move { searcher.run_stray_search(search_stop).await });
            behind.watch("housekeeping", async move {
                house.keep_house(config.housekeeping_interval, house_stop).await;
            });
            topics.ensure(&stop).await;
            if !before.shutdown().is_cancelled() {
                // What it takes in becomes events of ours, so it stops before the relay.
                before.spawn("consumer", consumer.run(Intake(keeper), before.shutdown().clone()));
            }
            stop.cancelled().await;
            Ok::<_, MigrationError>(())
        });

        let server = GrpcServer::new(config.grpc, health.clone())
            .authenticate(verifier)
            .service(AuthServiceServer::new(AuthApi(accounts.clone())))
            .service(UserServiceServer::new(UserApi(accounts.clone())))
            .service(FileServiceServer::new(FileApi { files, accounts }))
            .service(EndedSessionServiceServer::new(EndedSessionApi {
                ended,
                shutdown: front.shutdown().clone(),
            }));
        front.spawn("grpc", server.serve(grpc, front.shutdown().clone()));

        config.drain.until_stop(&health, &shutdown, &[&front, &rear]).await;
        let calls_finished = front.drain(config.drain.deadline).await;
        let events_finished = rear.drain(REAR_DEADLINE).await;
        database::close(&pool).await;
        if let Some(failure) = front.failure().or_else(|| rear.failure()) {
            anyhow::bail!("{failure}");
        }
        anyhow::ensure!(calls_finished && events_finished, "some work was cut off at the drain deadline");
        Ok(())
    }
}
