//! What the service consists of.

use std::sync::Arc;

use anyhow::Context as _;
use chassis::frame::Backend;
use chassis::health::Need;
use chassis::time::{Clock, SystemClock};
use fitness_proto::fitness::workout::v1::exercise_service_server::ExerciseServiceServer;
use fitness_proto::fitness::workout::v1::reminder_service_server::ReminderServiceServer;
use fitness_proto::fitness::workout::v1::routine_service_server::RoutineServiceServer;
use fitness_proto::fitness::workout::v1::trainer_service_server::TrainerServiceServer;
use fitness_proto::fitness::workout::v1::workout_service_server::WorkoutServiceServer;

use crate::catalogue::Catalogue;
use crate::config::{IDENTITY, WorkoutSvcConfig};
use crate::events::{self, Intake};
use crate::grpc::{ExerciseApi, ReminderApi, RoutineApi, TrainerApi, WorkoutApi};
use crate::planner::RoutinePlanner;
use crate::store::TABLES;
use crate::training::Training;

/// workout-svc.
#[derive(Debug)]
pub struct App;

impl App {
    /// Binds the addresses. Neither the database nor the broker nor user-svc has to be there.
    pub async fn build(config: WorkoutSvcConfig) -> anyhow::Result<Backend> {
        Self::with_clock(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    pub async fn with_clock(config: WorkoutSvcConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Backend> {
        let catalogue = Catalogue::embedded().context("the catalogue breaks its rules")?;
        let planner = RoutinePlanner::new(&config.planner).context("the planner's model cannot be used")?;
        let (kafka, group) = (config.backend.kafka.clone(), config.backend.kafka_group.clone());
        let backend = Backend::bind(&IDENTITY, &TABLES, config.backend).await?;
        let training = Training {
            pool: backend.pool(),
            outbox: backend.outbox(),
            clock,
            catalogue: Arc::new(catalogue),
            planner,
        };
        let training = || training.clone();
        let (seeding, reminding, measuring, summarising) = (training(), training(), training(), training());

        backend
            .seed(move || {
                let seeding = seeding.clone();
                async move { seeding.seed_catalogue().await }
            })
            .token_keys(&config.token_keys, Need::Required)?
            .service(ExerciseServiceServer::new(ExerciseApi(training())))
            .service(ReminderServiceServer::new(ReminderApi(training())))
            .service(RoutineServiceServer::new(RoutineApi(training())))
            .service(TrainerServiceServer::new(TrainerApi(training())))
            .service(WorkoutServiceServer::new(WorkoutApi(training())))
            .front("reminders", |stop| reminding.keep_reminding(stop))
            .front("lateness", |stop| measuring.keep_measuring(stop))
            .front("weekly summaries", |stop| summarising.keep_summarising(stop))
            .consumer(
                "events",
                events::consumer(&group),
                events::topics(&kafka, &group),
                Intake::new(training()),
            )
    }
}
