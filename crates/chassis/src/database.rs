//! The PostgreSQL pool, opened so that a service starts while its database is away.

mod fault;
#[cfg(target_os = "linux")]
mod link;
mod metrics;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use self::fault::{failure, refused_values};
use self::metrics::PoolMetrics;
use crate::config::Settings;
use crate::health::Dependency;

/// Where the database is and how many connections may be open to it.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// Connection URL with password.
    pub url: SecretString,
    /// Most connections of this process.
    pub max_connections: u32,
    /// Longest wait for a free connection; a call that waits longer answers that the database is away.
    pub acquire_timeout: Duration,
}

impl DatabaseConfig {
    /// Reads the settings.
    pub fn from_settings(settings: &mut Settings) -> Self {
        let url = settings
            .parsed_secret("DATABASE_URL", "URL of this service's PostgreSQL database.", |url| {
                let parsed = PgConnectOptions::from_str(url.expose_secret());
                // The parser's own words may repeat a part of the URL, and it may be the password.
                parsed.map_err(|_| {
                    "it is no URL such as postgres://user:password@host:5432/database".to_owned()
                })?;
                Ok(url.clone())
            })
            .unwrap_or_else(|| SecretString::from(""));
        Self::new(
            url,
            settings.number("DATABASE_MAX_CONNECTIONS", "Most database connections.", 10, 2..=1_000),
        )
    }

    /// A configuration with the usual limits.
    pub fn new(url: SecretString, max_connections: u32) -> Self {
        Self { url, max_connections, acquire_timeout: Duration::from_secs(3) }
    }
}

/// Opens the pool without connecting, inside the runtime. The service name shows in `pg_stat_activity`.
///
/// Whoever waits for a server or a network that has fallen silent is told so after some ten seconds; on Linux only, where
/// the services are run.
#[cfg(target_os = "linux")]
pub fn open(config: &DatabaseConfig, service: &str) -> Result<PgPool, sqlx::Error> {
    let (link, options) = link::Link::open(options(config, service)?)?;
    let pool = pool(config, options);
    tokio::spawn(link.serve(pool.close_event()));
    Ok(pool)
}

/// Opens the pool without connecting. The service name shows in `pg_stat_activity`.
#[cfg(not(target_os = "linux"))]
pub fn open(config: &DatabaseConfig, service: &str) -> Result<PgPool, sqlx::Error> {
    open_directly(config, service)
}

/// The same for a command, whose operator reads what the connection says and can end it.
pub(crate) fn open_directly(config: &DatabaseConfig, service: &str) -> Result<PgPool, sqlx::Error> {
    Ok(pool(config, options(config, service)?))
}

/// A server that lives and works on a statement is no silence, so the server itself has to end what takes too long: a lock
/// that nobody gives back, a plan that went wrong. A limit in the URL counts instead.
fn options(config: &DatabaseConfig, service: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(config.url.expose_secret())?.application_name(service);
    if options.get_options().is_some_and(|given| given.contains("statement_timeout")) {
        return Ok(options);
    }
    Ok(options.options([("statement_timeout", STATEMENT_LIMIT.as_millis().to_string())]))
}

fn pool(config: &DatabaseConfig, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(config.acquire_timeout)
        // A dead connection is found by its next statement and replaced; a ping before each use costs a round trip.
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

/// Closes the pool at the end of a service, without waiting for a database that does not answer.
pub async fn close(pool: &PgPool) {
    if timeout(CLOSE_LIMIT, pool.close()).await.is_err() {
        tracing::warn!("the database did not answer at the end, its connections are dropped");
    }
}

/// Longest time for any statement but those of migrations: more than a call may take.
pub const STATEMENT_LIMIT: Duration = Duration::from_mins(1);
/// Longest time for a probe. With the pause between two of them, a server that hangs is down within five seconds.
const PROBE_LIMIT: Duration = Duration::from_millis(3_500);
/// Longest time for saying goodbye to the database.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Probes the database each second and tells `dependency` and the metrics of the pool, until `shutdown`.
pub async fn watch(pool: PgPool, dependency: Dependency, shutdown: CancellationToken) {
    let metrics = PoolMetrics::new(&pool);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = tick.tick() => {}
        }
        metrics.count(&pool);
        // A probe of a database that is away takes seconds, which a stop does not have.
        let Some(probed) = shutdown.run_until_cancelled(probe(&pool, &metrics)).await else { return };
        match probed {
            Ok(()) => dependency.up(),
            Err(error) => dependency.down(describe(&error)),
        }
    }
}

/// Waits for a connection as any call would, and uses it.
async fn probe(pool: &PgPool, metrics: &PoolMetrics) -> Result<(), sqlx::Error> {
    let start = Instant::now();
    let connection = timeout(PROBE_LIMIT, pool.acquire()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    metrics.waited(start.elapsed(), connection.as_ref().err());
    let mut connection = connection?;
    let left = PROBE_LIMIT.saturating_sub(start.elapsed());
    let answered = timeout(left, sqlx::query("SELECT 1").execute(&mut *connection)).await;
    let Ok(answered) = answered else {
        // Back in the pool it would be tested first, which takes as long as the silence.
        connection.close_on_drop();
        return Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    };
    answered?;
    Ok(())
}

/// Whether the error says that the database is away, as opposed to refusing the statement.
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        // Class 08 connection, 53 resources (too many connections), 57P operator intervention (shutting down).
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| ["08", "53", "57P"].iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

/// Whether the database is away according to one of the causes of `error`.
pub fn caused_by_outage(error: &dyn Error) -> bool {
    std::iter::successors(error.source(), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<sqlx::Error>())
        .any(is_unavailable)
}

/// Names the trouble without host, user or statement.
fn describe(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::PoolTimedOut => "no connection in time",
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => "no answer in time",
        sqlx::Error::Database(_) => "refused",
        _ => "connection failed",
    }
}
