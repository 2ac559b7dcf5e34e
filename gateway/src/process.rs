//! The gateway as its process sees it.

use std::net::SocketAddr;

use chassis::config::Settings;
use chassis::process::{Service, ServiceError};
use tokio_util::sync::CancellationToken;

use crate::{App, GatewayConfig};

/// The process of the gateway. It keeps nothing and publishes nothing, so it has neither tables nor topics.
#[derive(Debug)]
pub struct Process;

impl Service for Process {
    type Config = GatewayConfig;
    const NAME: &'static str = crate::NAME;
    const ABOUT: &'static str = "The HTTP door of Fitness Trainer: REST made from the contracts.";
    const LISTENS_TO: &'static [&'static str] = &crate::feed::TOPICS;

    fn config(settings: &mut Settings) -> Option<GatewayConfig> {
        Some(GatewayConfig::from_settings(settings))
    }

    fn ops_addr(settings: &mut Settings) -> SocketAddr {
        crate::config::ops_addr(settings)
    }

    async fn serve(config: GatewayConfig, shutdown: CancellationToken) -> Result<(), ServiceError> {
        Ok(App::build(config).await?.run_until(shutdown).await?)
    }
}
