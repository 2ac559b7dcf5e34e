//! user-svc as its process sees it.

use std::net::SocketAddr;

use chassis::bus::{BusSettings, TopicPlan};
use chassis::config::Settings;
use chassis::migrations::Tables;
use chassis::process::{Service, ServiceError};
use tokio_util::sync::CancellationToken;

use crate::config::{IDENTITY, UserSvcConfig};
use crate::store::TABLES;
use crate::{App, events};

/// The process of user-svc.
#[derive(Debug)]
pub struct Process;

impl Service for Process {
    type Config = UserSvcConfig;
    const NAME: &'static str = crate::NAME;
    const ABOUT: &'static str = "Accounts, one-time codes, sessions and access tokens of Fitness Trainer.";
    const PUBLISHES: &'static [&'static str] = &events::PUBLISHED;
    const LISTENS_TO: &'static [&'static str] = &events::TOPICS;

    fn config(settings: &mut Settings) -> Option<UserSvcConfig> {
        UserSvcConfig::from_settings(settings)
    }

    fn ops_addr(settings: &mut Settings) -> SocketAddr {
        IDENTITY.ops_addr(settings)
    }

    fn tables() -> Option<&'static Tables> {
        Some(&TABLES)
    }

    fn topics(settings: &mut Settings) -> Option<TopicPlan> {
        let kafka = BusSettings::from_settings(settings, crate::NAME);
        Some(events::topics(&kafka, &IDENTITY.group(settings)))
    }

    async fn serve(config: UserSvcConfig, shutdown: CancellationToken) -> Result<(), ServiceError> {
        Ok(App::build(config).await?.run_until(shutdown).await?)
    }
}
