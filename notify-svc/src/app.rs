//! The wiring of the service on one page.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use chassis::grpc::server::GrpcServer;
use chassis::health::{Health, Need};
use chassis::lifecycle::Tasks;
use chassis::migrations::{self, MigrationError};
use chassis::{database, kafka, ops};
use eventbus::{ConsumerConfig, Event as _, KafkaConsumer, KafkaPublisher};
use fitness_proto::fitness::notify::v1::NotificationSent;
use outbox::{Outbox, Relay};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::NotifySvcConfig;
use crate::delivery::{Wake, Workers};
use crate::events::{Intake, TOPICS};
use crate::metrics::Metrics;
use crate::render::Renderer;
use crate::{NAME, ledger};

/// notify-svc, bound to its addresses and not working yet.
pub struct App {
    config: NotifySvcConfig,
    pool: PgPool,
    health: Health,
    renderer: Arc<Renderer>,
    consumer: KafkaConsumer,
    publisher: KafkaPublisher,
    grpc: TcpListener,
    ops: TcpListener,
}

/// Why the service cannot go on.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error("events cannot be consumed")]
    Consumer(#[from] eventbus::ConsumerError),
}

impl App {
    /// Binds the addresses and compiles the templates. Database, broker and relay may be away.
    pub async fn build(config: NotifySvcConfig) -> anyhow::Result<Self> {
        let pool = database::open(&config.database, NAME).context("DATABASE_URL is not a PostgreSQL URL")?;
        let renderer = Renderer::new(config.from.clone(), &config.public_url, config.sealing.clone())?;
        let consumer = ConsumerConfig::new(&config.kafka_group, &TOPICS);
        let consumer =
            KafkaConsumer::new(&config.kafka.kafka, consumer).context("the Kafka settings do not fit")?;
        let publisher = KafkaPublisher::new(&config.kafka.kafka).context("the Kafka settings do not fit")?;
        let grpc = ops::bind(config.grpc.addr, "NOTIFY_SVC_GRPC_ADDR").await?;
        let ops = ops::bind(config.ops_addr, "NOTIFY_SVC_OPS_ADDR").await?;
        let (health, renderer) = (Health::default(), Arc::new(renderer));
        Ok(Self { config, pool, health, renderer, consumer, publisher, grpc, ops })
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
        let Self { config, pool, health, renderer, consumer, publisher, grpc, ops } = self;
        let postgres = health.dependency("postgres", Need::Required);
        let schema = health.dependency("schema", Need::Required);
        let broker = health.dependency("kafka", Need::Deferrable);
        let smtp = health.dependency("smtp", Need::Deferrable);
        let (metrics, wake, outbox) = (Arc::new(Metrics::default()), Wake::default(), Outbox::new(NAME));

        // The relay, the probes and the operator's port outlive the workers: the last outcomes are still published,
        // and a draining service can be watched.
        let rear = Tasks::new(CancellationToken::new());
        let token = || rear.shutdown().clone();
        rear.spawn("ops", ops::serve(ops, ops::routes(health.clone()), token()));
        rear.watch("postgres", database::watch(pool.clone(), postgres, token()));
        rear.watch("kafka", kafka::watch(consumer.state(), broker, token()));
        let relay = Relay::new(pool.clone(), publisher, &outbox, config.relay);

        let front = Tasks::new(shutdown);
        let server = GrpcServer::new(config.grpc, health.clone());
        front.spawn("grpc", server.serve(grpc, front.shutdown().clone()));
        let workers = Workers {
            config: config.delivery,
            pool: pool.clone(),
            outbox,
            renderer,
            wake: wake.clone(),
            metrics: Arc::clone(&metrics),
            smtp,
        };
        let intake = Intake::new(pool.clone(), wake, config.give_up_in_doubt, metrics);
        let (topics, ledger) = (config.kafka, pool.clone());
        let (tasks, behind) = (front.clone(), rear.clone());
        // Everything that needs the tables waits for them; mail flows before the broker is there.
        front.spawn("start", async move {
            let stop = tasks.shutdown().clone();
            let migrating = migrations::run(config.migrate_on_start, &schema, || async {
                ledger::migrate(&ledger).await?;
                outbox::migrate(&ledger).await
            });
            let Some(migrated) = stop.run_until_cancelled(migrating).await else { return Ok(()) };
            migrated?;
            workers.start(&tasks);
            behind.watch("relay", relay.run(behind.shutdown().clone()));
            topics.ensure_topics(TOPICS.into_iter().chain([NotificationSent::TOPIC]), &stop).await;
            consumer.run(intake, stop).await?;
            Ok::<_, StartError>(())
        });

        tokio::select! {
            () = front.shutdown().cancelled() => {}
            () = rear.shutdown().cancelled() => {}
        }
        health.drain();
        let finished = front.drain(config.drain_deadline).await & rear.drain(config.drain_deadline).await;
        pool.close().await;
        anyhow::ensure!(finished, "some work was cut off at the drain deadline");
        Ok(())
    }
}
