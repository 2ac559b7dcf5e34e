//! workout-svc as its process sees it.

use std::net::SocketAddr;

use chassis::bus::{BusSettings, TopicPlan};
use chassis::config::Settings;
use chassis::migrations::Tables;
use chassis::process::{Service, ServiceError};
use chassis::time::{Clock as _, SystemClock};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::catalogue::Catalogue;
use crate::config::{IDENTITY, WorkoutSvcConfig};
use crate::exercises::seed_catalogue;
use crate::store::TABLES;
use crate::{App, events};

/// The process of workout-svc.
#[derive(Debug)]
pub struct Process;

impl Service for Process {
    type Config = WorkoutSvcConfig;
    const NAME: &'static str = crate::NAME;
    const ABOUT: &'static str = "Athletes, exercises, routines and workouts of Fitness Trainer.";
    const PUBLISHES: &'static [&'static str] = &events::PUBLISHED;
    const LISTENS_TO: &'static [&'static str] = &events::TOPICS;

    fn config(settings: &mut Settings) -> Option<WorkoutSvcConfig> {
        WorkoutSvcConfig::from_settings(settings)
    }

    fn ops_addr(settings: &mut Settings) -> SocketAddr {
        IDENTITY.ops_addr(settings)
    }

    fn tables() -> Option<&'static Tables> {
        Some(&TABLES)
    }

    async fn seed(pool: &PgPool) -> Result<(), ServiceError> {
        Ok(seed_catalogue(pool, &Catalogue::embedded()?, SystemClock.now()).await?)
    }

    fn topics(settings: &mut Settings) -> Option<TopicPlan> {
        let kafka = BusSettings::from_settings(settings, crate::NAME);
        Some(events::topics(&kafka, &IDENTITY.group(settings)))
    }

    async fn serve(config: WorkoutSvcConfig, shutdown: CancellationToken) -> Result<(), ServiceError> {
        Ok(App::build(config).await?.run_until(shutdown).await?)
    }
}
