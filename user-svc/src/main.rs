//! The process of user-svc.

use std::path::PathBuf;

use chassis::config::Settings;
use chassis::lifecycle::cancel_on_signal;
use chassis::telemetry::{self, TelemetryConfig};
use clap::Parser;
use tokio_util::sync::CancellationToken;
use user_svc::{App, UserSvcConfig};

/// Accounts, one-time codes, sessions and access tokens of Fitness Trainer.
#[derive(Parser)]
struct Arguments {
    /// Configuration file in TOML; the environment goes first.
    #[arg(long, env = "CONFIG_FILE")]
    config: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut settings = Settings::load(arguments.config.as_deref());
    let telemetry = TelemetryConfig::from_settings(&mut settings, user_svc::NAME);
    let config = UserSvcConfig::from_settings(&mut settings);
    settings.finish()?;
    let config = config.expect("every missing part is a problem that finish answers");
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing has installed a provider before");
    let telemetry = telemetry::init(&telemetry)?;

    let shutdown = CancellationToken::new();
    tokio::spawn(cancel_on_signal(shutdown.clone()));
    let outcome = App::build(config).await?.run_until(shutdown).await;
    telemetry.shutdown().await;
    outcome
}
