//! The process of a service: its sub-commands, settings, telemetry and signals.
//!
//! A `main` is one call of [`run`]. What differs from service to service is behind [`Service`].

mod arguments;
mod config;
mod healthcheck;
mod migrate;
mod serve;
mod topics;

use std::error::Error;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use sqlx::PgPool;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use self::arguments::{Arguments, Command};
use self::healthcheck::Unhealthy;
use self::migrate::MigrateError;
use self::topics::TopicsError;
use crate::bus::TopicPlan;
use crate::config::{Problems, Settings};
use crate::lifecycle::{chain, shutdown_signal};
use crate::migrations::Tables;
use crate::telemetry::TelemetryError;

/// What blocking threads get to end after everything else has; none of them holds anything that matters by then.
const LAST_THREADS: Duration = Duration::from_secs(1);

/// The error of a service's own code.
pub type ServiceError = Box<dyn Error + Send + Sync>;

/// A service as its process sees it.
pub trait Service {
    /// Everything that the service has to be told.
    type Config: Send;
    /// Its name on the command line, in traces and in the database's list of connections.
    const NAME: &'static str;
    /// What it is, in a sentence.
    const ABOUT: &'static str;
    /// The topics on which it publishes.
    const PUBLISHES: &'static [&'static str] = &[];
    /// The topics to which it listens.
    const LISTENS_TO: &'static [&'static str];

    /// Reads all settings. It may answer nothing only where one is missing or wrong.
    fn config(settings: &mut Settings) -> Option<Self::Config>;

    /// Reads where health and metrics are served.
    fn ops_addr(settings: &mut Settings) -> SocketAddr;

    /// Its tables, if it has any.
    fn tables() -> Option<&'static Tables> {
        None
    }

    /// Brings what is in the tables from the start up to date with the binary; repeating it changes nothing.
    fn seed(_pool: &PgPool) -> impl Future<Output = Result<(), ServiceError>> + Send {
        async { Ok(()) }
    }

    /// The topics that have to exist for it, if it publishes any.
    fn topics(_settings: &mut Settings) -> Option<TopicPlan> {
        None
    }

    /// Serves until `shutdown`, then finishes what is running.
    fn serve(
        config: Self::Config,
        shutdown: CancellationToken,
    ) -> impl Future<Output = Result<(), ServiceError>> + Send;
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum ProcessError {
    #[error(transparent)]
    Settings(#[from] Problems),
    #[error("telemetry cannot be set up")]
    Telemetry(#[from] TelemetryError),
    #[error("the threads of the process cannot be started")]
    Runtime(#[source] io::Error),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Topics(#[from] TopicsError),
    #[error(transparent)]
    Unhealthy(#[from] Unhealthy),
    #[error("stopped by a signal before the work was done")]
    Interrupted,
    #[error(transparent)]
    Service(ServiceError),
}

/// Does what the command line says and answers how the process is to exit.
pub fn run<S: Service>() -> ExitCode {
    let arguments = Arguments::of(S::NAME, S::ABOUT);
    let file = arguments.config.as_deref();
    let outcome = match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run::<S>(file),
        Command::Migrate(patience) => migrate::run::<S>(file, patience.duration()),
        Command::Topics(patience) => topics::run::<S>(file, patience.duration()),
        Command::Healthcheck { live } => healthcheck::run::<S>(file, live),
        Command::Config => config::run::<S>(file),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{}: {}", S::NAME, chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// Runs `work` on as many threads as there are cores.
fn on_all_cores<T>(work: impl Future<Output = Result<T, ProcessError>>) -> Result<T, ProcessError> {
    // Dependencies bring more than one TLS provider; the first use would panic unless one is chosen before.
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing has installed a provider before");
    on(Builder::new_multi_thread().enable_all().build(), work)
}

fn on<T>(
    runtime: io::Result<Runtime>,
    work: impl Future<Output = Result<T, ProcessError>>,
) -> Result<T, ProcessError> {
    let runtime = runtime.map_err(ProcessError::Runtime)?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(LAST_THREADS);
    outcome
}

/// Runs a job that ends by itself. A signal ends it too: as the first process of a container it gets no default action.
async fn until_signal<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, ProcessError>
where
    ProcessError: From<E>,
{
    tokio::select! {
        done = work => Ok(done?),
        () = shutdown_signal() => Err(ProcessError::Interrupted),
    }
}

/// Prints a line for who started the command; a closed pipe is no reason to fail.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
