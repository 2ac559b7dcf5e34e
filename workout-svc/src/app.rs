//! The wiring of the service on one page.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chassis::auth::{KeySource, Verifier};
use chassis::grpc::server::GrpcServer;
use chassis::health::{Dependency, Health, Need};
use chassis::lifecycle::Tasks;
use chassis::migrations::MigrationError;
use chassis::time::{Clock, SystemClock};
use chassis::{bus, database, ops};
use eventbus::{BusPublisher, BusSubscriber, Subscriber as _};
use fitness_proto::fitness::workout::v1::exercise_service_server::ExerciseServiceServer;
use fitness_proto::fitness::workout::v1::reminder_service_server::ReminderServiceServer;
use fitness_proto::fitness::workout::v1::routine_service_server::RoutineServiceServer;
use fitness_proto::fitness::workout::v1::trainer_service_server::TrainerServiceServer;
use fitness_proto::fitness::workout::v1::workout_service_server::WorkoutServiceServer;
use outbox::{Outbox, Relay};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::NAME;
use crate::catalogue::Catalogue;
use crate::config::WorkoutSvcConfig;
use crate::events::{self, Intake};
use crate::grpc::{ExerciseApi, ReminderApi, RoutineApi, TrainerApi, WorkoutApi};
use crate::planner::RoutinePlanner;
use crate::store::TABLES;
use crate::training::Training;

/// Longest time for what outlives the calls. The relay takes three seconds for its last batch.
const REAR_DEADLINE: Duration = Duration::from_secs(4);

/// workout-svc, bound to its addresses and not serving yet.
pub struct App {
    config: WorkoutSvcConfig,
    training: Training,
    health: Health,
    dependencies: Dependencies,
    verifier: Verifier,
    keys: Option<KeySource>,
    consumer: BusSubscriber,
    publisher: BusPublisher,
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

/// Why the service cannot go on.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error("events cannot be consumed")]
    Consumer(#[from] eventbus::ConsumerError),
}

impl App {
    /// Binds the addresses. Neither the database nor the broker nor user-svc has to be there.
    pub async fn build(config: WorkoutSvcConfig) -> anyhow::Result<Self> {
        Self::with_clock(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    pub async fn with_clock(config: WorkoutSvcConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let pool = database::open(&config.database, NAME).context("DATABASE_URL is not a PostgreSQL URL")?;
        let health = Health::default();
        let dependencies = Dependencies::of(&health);
        let (verifier, keys) =
            config.token_keys.verifier(&health, Need::Required).context("USER_SVC_URL does not fit")?;
        let consumer = events::consumer(&config.kafka_group);
        let consumer = config.kafka.broker().subscriber(consumer)?;
        let publisher = config.kafka.broker().publisher()?;
        let grpc = ops::bind(config.grpc.addr, "WORKOUT_SVC_GRPC_ADDR").await?;
        let ops = ops::bind(config.ops_addr, "WORKOUT_SVC_OPS_ADDR").await?;
        let catalogue = Catalogue::embedded().context("the catalogue breaks its rules")?;
        let training = Training {
            pool,
            outbox: Outbox::new(NAME),
            clock,
            catalogue: Arc::new(catalogue),
            planner: RoutinePlanner::new(&config.planner).context("the planner's model cannot be used")?,
        };
        Ok(Self { config, training, health, dependencies, verifier, keys, consumer, publisher, grpc, ops })
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
        let Self { config, training, health, dependencies, verifier, keys, consumer, publisher, grpc, ops } =
            self;
        let Dependencies { postgres, schema, kafka: broker } = dependencies;
        let pool = training.pool.clone();

        // The relay, the probes and the operator's port outlive the calls: the last of them still get their events
        // out, and a draining service can be watched.
        let rear = Tasks::new(CancellationToken::new());
        let token = || rear.shutdown().clone();
        rear.spawn("ops", ops::serve(ops, ops::routes(health.clone()), token()));
        rear.watch("postgres", database::watch(pool.clone(), postgres, token()));
        rear.watch("kafka", bus::watch(consumer.state(), broker, token()));
        if let Some(keys) = keys {
            rear.watch("token-keys", keys.run(token()));
        }
        let relay = Relay::new(pool.clone(), publisher, &training.outbox, config.relay);

        let front = Tasks::new(CancellationToken::new());
        let server = GrpcServer::new(config.grpc, health.clone())
            .authenticate(verifier)
            .service(ExerciseServiceServer::new(ExerciseApi(training.clone())))
            .service(ReminderServiceServer::new(ReminderApi(training.clone())))
            .service(RoutineServiceServer::new(RoutineApi(training.clone())))
            .service(TrainerServiceServer::new(TrainerApi(training.clone())))
            .service(WorkoutServiceServer::new(WorkoutApi(training.clone())));
        front.spawn("grpc", server.serve(grpc, front.shutdown().clone()));

        let topics = events::topics(&config.kafka, &config.kafka_group);
        let (intake, seeding) = (Intake::new(training.clone()), training);
        let (tasks, behind) = (front.clone(), rear.clone());
        // Everything that needs the tables waits for them.
        front.spawn("start", async move {
            let stop = tasks.shutdown().clone();
            let seed = || seeding.seed_catalogue();
            let migrating = TABLES.at_start(&seeding.pool, config.migrate_on_start, &schema, seed);
            let Some(migrated) = stop.run_until_cancelled(migrating).await else { return Ok(()) };
            migrated?;
            behind.watch("relay", relay.run(behind.shutdown().clone()));
            tasks.watch("reminders", seeding.clone().keep_reminding(stop.clone()));
            tasks.watch("lateness", seeding.clone().keep_measuring(stop.clone()));
            tasks.watch("weekly summaries", seeding.clone().keep_summarising(stop.clone()));
            topics.ensure(&stop).await;
            consumer.run(intake, stop).await?;
            Ok::<_, StartError>(())
        });

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
