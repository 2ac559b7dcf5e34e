//! notify-svc as its process sees it.

use std::net::SocketAddr;

use chassis::bus::{BusSettings, TopicPlan};
use chassis::config::Settings;
use chassis::migrations::Tables;
use chassis::process::{Service, ServiceError};
use tokio_util::sync::CancellationToken;

use crate::config::{self, IDENTITY, NotifySvcConfig};
use crate::ledger::TABLES;
use crate::{App, events};

/// The process of notify-svc.
#[derive(Debug)]
pub struct Process;

impl Service for Process {
    type Config = NotifySvcConfig;
    const NAME: &'static str = crate::NAME;
    const ABOUT: &'static str = "E-mails of Fitness Trainer: from events over a ledger to the SMTP relay.";
    const PUBLISHES: &'static [&'static str] = &events::PUBLISHED;
    const LISTENS_TO: &'static [&'static str] = &events::TOPICS;

    fn config(settings: &mut Settings) -> Option<NotifySvcConfig> {
        NotifySvcConfig::from_settings(settings)
    }

    fn ops_addr(settings: &mut Settings) -> SocketAddr {
        IDENTITY.ops_addr(settings)
    }

    fn tables() -> Option<&'static Tables> {
        Some(&TABLES)
    }

    fn topics(settings: &mut Settings) -> Option<TopicPlan> {
        let mut kafka = BusSettings::from_settings(settings, crate::NAME);
        let requests = config::requests::from_settings(settings, &mut kafka);
        let group = IDENTITY.group(settings);
        let dead_letters = events::dead_letter_topics(&kafka, &group, &config::dead_letter_topics(settings));
        Some(events::topics(&kafka, requests).and(dead_letters))
    }

    async fn serve(config: NotifySvcConfig, shutdown: CancellationToken) -> Result<(), ServiceError> {
        Ok(App::build(config).await?.run_until(shutdown).await?)
    }
}
