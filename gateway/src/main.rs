//! The gateway as a process of its own.

use std::path::PathBuf;

use anyhow::Context as _;
use chassis::config::Settings;
use chassis::{lifecycle, telemetry};
use clap::Parser;
use gateway::{App, GatewayConfig};
use tokio_util::sync::CancellationToken;

/// The HTTP door of Fitness Trainer: REST made from the contracts.
#[derive(Parser)]
#[command(
    version,
    after_help = "Settings come from the environment and the file; docs/configuration.md lists them."
)]
struct Arguments {
    /// A TOML file with settings; the environment goes before it.
    #[arg(long, env = "FITNESS_CONFIG")]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut settings = Settings::load(arguments.config.as_deref());
    let telemetry_config = telemetry::TelemetryConfig::from_settings(&mut settings, "gateway");
    let config = GatewayConfig::from_settings(&mut settings);
    settings.finish()?;
    let telemetry = telemetry::init(&telemetry_config)?;

    let app = App::build(config).await.context("the gateway cannot start")?;
    tracing::info!(http = %app.http_addr()?, ops = %app.ops_addr()?, "gateway is listening");
    let shutdown = CancellationToken::new();
    tokio::spawn(lifecycle::cancel_on_signal(shutdown.clone()));
    app.run_until(shutdown).await?;
    telemetry.shutdown().await;
    Ok(())
}
