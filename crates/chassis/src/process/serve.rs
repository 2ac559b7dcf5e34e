//! `serve`: the service itself.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::{ProcessError, Service, on_all_cores};
use crate::config::{OldName, Settings};
use crate::lifecycle::cancel_on_signal;
use crate::telemetry::{self, TelemetryConfig};

/// Reads the settings, sets up telemetry and serves until the first SIGTERM or SIGINT.
pub(super) fn run<S: Service>(file: Option<&Path>) -> Result<(), ProcessError> {
    let mut settings = Settings::load(file);
    let telemetry = TelemetryConfig::from_settings(&mut settings, S::NAME);
    let config = S::config(&mut settings);
    let old_names = settings.old_names_in_use();
    settings.finish()?;
    let config = config.expect("whatever is missing is a problem that `finish` answers");
    on_all_cores(async {
        let telemetry = telemetry::init(&telemetry)?;
        old_names.iter().for_each(OldName::tell);
        let shutdown = CancellationToken::new();
        tokio::spawn(cancel_on_signal(shutdown.clone()));
        let outcome = S::serve(config, shutdown).await;
        telemetry.shutdown().await;
        outcome.map_err(ProcessError::Service)
    })
}
