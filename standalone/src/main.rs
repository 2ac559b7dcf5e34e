//! `cargo run`: all of Fitness Trainer in one process.

use chassis::config::{OldName, Settings};
use chassis::{lifecycle, telemetry};
use clap::Parser as _;
use standalone::{Arguments, Stack};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Two TLS providers are in the graph through dependencies; the first use panics unless one is chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = Settings::load(arguments.config.as_deref());
    settings.set_default("LOG_LEVEL", "warn");
    let config = telemetry::TelemetryConfig::from_settings(&mut settings, "fitness-trainer");
    let telemetry = telemetry::init(&config)?;
    settings.old_names().iter().for_each(OldName::tell);
    let shutdown = CancellationToken::new();
    tokio::spawn(lifecycle::cancel_on_signal(shutdown.clone()));

    // A signal during a long start (a first `initdb`) ends it too; what has started ends with the process.
    let stack = tokio::select! {
        started = Stack::start(&arguments, settings) => started?,
        () = shutdown.cancelled() => return Ok(()),
    };
    println!("{}", stack.summary);
    stack.run_until(shutdown).await;
    telemetry.shutdown().await;
    Ok(())
}
