//! The wiring of the service on one page.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use chassis::auth::{KeySource, Verifier};
use chassis::grpc::server::GrpcServer;
use chassis::health::{Health, Need};
use chassis::lifecycle::Tasks;
use chassis::migrations::MigrationError;
use chassis::time::{Clock, SystemClock};
use chassis::{bus, database, ops};
use eventbus::{BusPublisher, BusSubscriber, ConsumerConfig, ConsumerError, Subscriber as _};
use fitness_proto::fitness::notify::v1::notification_admin_service_server::NotificationAdminServiceServer;
use fitness_proto::fitness::notify::v1::notification_service_server::NotificationServiceServer;
use outbox::{Outbox, Relay};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::NAME;
use crate::access::Access;
use crate::config::NotifySvcConfig;
use crate::dead_letters::{Collector, DeadLetters};
use crate::delivery::{Wake, Workers};
use crate::events::{self, Intake, TOPICS};
use crate::grpc::{NotificationAdminApi, NotificationApi};
use crate::ledger::TABLES;
use crate::metrics::Metrics;
use crate::notifications::Notifications;
use crate::render::Renderer;

/// notify-svc, bound to its addresses and not working yet.
pub struct App {
    config: NotifySvcConfig,
    pool: PgPool,
    health: Health,
    renderer: Arc<Renderer>,
    verifier: Verifier,
    keys: Option<KeySource>,
    consumer: BusSubscriber,
    collector: BusSubscriber,
    publisher: BusPublisher,
    grpc: TcpListener,
    ops: TcpListener,
}

/// Why the service cannot go on.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error("events cannot be consumed")]
    Consumer(#[from] ConsumerError),
}

impl App {
    /// Binds the addresses and compiles the templates. Database, broker, relay and user-svc may be away.
    pub async fn build(config: NotifySvcConfig) -> anyhow::Result<Self> {
        let pool = database::open(&config.database, NAME).context("DATABASE_URL is not a PostgreSQL URL")?;
        let renderer = Renderer::new(config.from.clone(), &config.public_url, config.sealing.clone())?
            .reply_to(config.reply_to.clone());
        let health = Health::default();
        // Mail needs no tokens.
        let (verifier, keys) =
            config.token_keys.verifier(&health, Need::Deferrable).context("USER_SVC_URL does not fit")?;
        let broker = config.kafka.broker();
        let consumer = broker.subscriber(ConsumerConfig::new(&config.kafka_group, &TOPICS))?;
        let topics: Vec<_> = config.dead_letter_topics.iter().map(String::as_str).collect();
        let collectors = format!("{}-dead-letters", config.kafka_group);
        let collector = broker.subscriber(ConsumerConfig::collector(&collectors, &topics))?;
        let publisher = broker.publisher()?;
        let grpc = ops::bind(config.grpc.addr, "NOTIFY_SVC_GRPC_ADDR").await?;
        let ops = ops::bind(config.ops_addr, "NOTIFY_SVC_OPS_ADDR").await?;
        let renderer = Arc::new(renderer);
        Ok(Self { config, pool, health, renderer, verifier, keys, consumer, collector, publisher, grpc, ops })
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

    /// Works until `shutdown`, then finishes what is on the wire.
    pub async fn run_until(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self {
            config,
            pool,
            health,
            renderer,
            verifier,
            keys,
            consumer,
            collector,
            publisher,
            grpc,
            ops,
        } = self;
        let postgres = health.dependency("postgres", Need::Required);
        let schema = health.dependency("schema", Need::Required);
        let broker = health.dependency("kafka", Need::Deferrable);
        let smtp = health.dependency("smtp", Need::Deferrable);
        let (metrics, wake, outbox) = (Arc::new(Metrics::default()), Wake::default(), Outbox::new(NAME));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);

        // The relay, the probes and the operator's port outlive the workers: the last outcomes are still published,
        // and a draining service can be watched.
        let rear = Tasks::new(CancellationToken::new());
        let token = || rear.shutdown().clone();
        rear.spawn("ops", ops::serve(ops, ops::routes(health.clone()), token()));
        rear.watch("postgres", database::watch(pool.clone(), postgres, token()));
        rear.watch("kafka", bus::watch(consumer.state(), broker, token()));
        if let Some(keys) = keys {
            rear.watch("token-keys", keys.run(token()));
        }
        let relay = Relay::new(pool.clone(), publisher.clone(), &outbox, config.relay);

        let front = Tasks::new(CancellationToken::new());
        let access = Access::new(pool.clone());
        let notifications = Notifications {
            pool: pool.clone(),
            clock: Arc::clone(&clock),
            wake: wake.clone(),
            renderer: Arc::clone(&renderer),
            keys: config.sealing,
            metrics: Arc::clone(&metrics),
        };
        let dead_letters = DeadLetters { pool: pool.clone(), clock, publisher };
        let people = NotificationApi { notifications: notifications.clone(), access: access.clone() };
        let admins = NotificationAdminApi { notifications, dead_letters, access };
        let server = GrpcServer::new(config.grpc, health.clone())
            .authenticate(verifier)
            .service(NotificationServiceServer::new(people))
            .service(NotificationAdminServiceServer::new(admins));
        front.spawn("grpc", server.serve(grpc, front.shutdown().clone()));

        let workers = Workers {
            config: config.delivery,
            pool: pool.clone(),
            outbox,
            renderer,
            wake: wake.clone(),
            metrics: Arc::clone(&metrics),
            smtp,
            retention: config.retention,
        };
        let intake = Intake::new(pool.clone(), wake, config.give_up_in_doubt, config.retention, metrics);
        let intake = Arc::new(intake);
        let (kafka, ledger) = (config.kafka, pool.clone());
        let collectors = format!("{}-dead-letters", config.kafka_group);
        let origins = kafka.broker().origins(&collectors, &TOPICS);
        let topics = events::topics(&kafka);
        let dead_letters =
            events::dead_letter_topics(&kafka, &config.kafka_group, &config.dead_letter_topics);
        let (tasks, behind) = (front.clone(), rear.clone());
        // Everything that needs the tables waits for them; mail flows before the broker is there.
        front.spawn("start", async move {
            let stop = tasks.shutdown().clone();
            let migrating = TABLES.at_start(&ledger, config.migrate_on_start, &schema, || async { Ok(()) });
            let Some(migrated) = stop.run_until_cancelled(migrating).await else { return Ok(()) };
            migrated?;
            workers.start(&tasks);
            tasks.watch("waiting notifications", Arc::clone(&intake).keep_waiting(stop.clone()));
            behind.watch("relay", relay.run(behind.shutdown().clone()));
            topics.ensure(&stop).await;
            // A task of its own: nothing about dead letters holds mail up.
            let until = stop.clone();
            tasks.spawn("dead letters", async move {
                dead_letters.ensure(&until).await;
                collector.run(Collector::new(ledger, origins), until).await
            });
            consumer.run(intake, stop).await?;
            Ok::<_, StartError>(())
        });

        config.drain.until_stop(&health, &shutdown, &[&front, &rear]).await;
        let finished = front.drain(config.drain.deadline).await & rear.drain(config.drain.deadline).await;
        database::close(&pool).await;
        if let Some(failure) = front.failure().or_else(|| rear.failure()) {
            anyhow::bail!("{failure}");
        }
        anyhow::ensure!(finished, "some work was cut off at the drain deadline");
        Ok(())
    }
}
