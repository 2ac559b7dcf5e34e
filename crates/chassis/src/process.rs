//! The frame of a service's `main`: arguments, settings, telemetry, signals.

use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use tokio_util::sync::CancellationToken;

use crate::config::{Problems, Settings};
use crate::lifecycle::cancel_on_signal;
use crate::telemetry::{self, TelemetryConfig, TelemetryError};

/// The command line of every service.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Settings come from the environment and the file, NAME_FILE names a file with a secret. A wrong \
                  configuration is reported whole."
)]
pub struct Arguments {
    /// A TOML file with settings; the environment goes before it.
    #[arg(long, env = "FITNESS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// A process that could not get as far as its service.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings do not fit.
    #[error(transparent)]
    Settings(#[from] Problems),
    /// Telemetry cannot be set up.
    #[error("telemetry cannot be set up")]
    Telemetry(#[from] TelemetryError),
}

/// Reads the settings, sets up telemetry, and runs `serve` with a token that the first SIGTERM or SIGINT cancels.
///
/// `read` may answer nothing only where a setting is missing or wrong.
pub async fn run<C, F, E>(
    service_name: &'static str,
    about: &'static str,
    read: impl FnOnce(&mut Settings) -> Option<C>,
    serve: impl FnOnce(C, CancellationToken) -> F,
) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
    E: From<StartError>,
{
    let matches = Arguments::command().name(service_name).about(about).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Dependencies bring more than one TLS provider; the first use would panic unless one is chosen before.
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing has installed a provider before");
    let mut settings = Settings::load(arguments.config.as_deref());
    let telemetry = TelemetryConfig::from_settings(&mut settings, service_name);
    let config = read(&mut settings);
    settings.finish().map_err(StartError::from)?;
    let config = config.expect("whatever is missing is a problem that `finish` answers");
    let telemetry = telemetry::init(&telemetry).map_err(StartError::from)?;

    let shutdown = CancellationToken::new();
    tokio::spawn(cancel_on_signal(shutdown.clone()));
    let outcome = serve(config, shutdown).await;
    telemetry.shutdown().await;
    outcome
}
