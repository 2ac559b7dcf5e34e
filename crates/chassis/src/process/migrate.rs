//! `migrate`: the tables brought up to date by a job of its own.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::{Instant, timeout_at};

use super::{ProcessError, Service, ServiceError, on_all_cores, say, until_signal};
use crate::config::Settings;
use crate::database::{self, DatabaseConfig};
use crate::lifecycle::chain;
use crate::migrations::Tables;

/// The pause between two attempts to reach the database.
const PAUSE: Duration = Duration::from_millis(250);

/// Tables that were not brought up to date.
#[derive(Debug, thiserror::Error)]
pub(super) enum MigrateError {
    /// The URL is none of PostgreSQL's.
    #[error("DATABASE_URL is not a PostgreSQL URL")]
    Url(#[source] sqlx::Error),
    /// No connection came about in time.
    #[error("PostgreSQL did not let us in within {} s ({last}); is DATABASE_URL right?", .wait.as_secs())]
    Away {
        /// How long it was tried.
        wait: Duration,
        /// What happened last.
        last: String,
    },
    /// The database refuses the connection, which waiting does not change.
    #[error("PostgreSQL refuses the connection")]
    Refused(#[source] sqlx::Error),
    /// The tables refuse.
    #[error("the tables could not be brought up to date")]
    Tables(#[source] sqlx::migrate::MigrateError),
    /// What the tables hold from the start could not be written.
    #[error("the tables are up to date, but what they hold from the start is not")]
    Seed(#[source] ServiceError),
}

pub(super) fn run<S: Service>(file: Option<&Path>, wait: Duration) -> Result<(), ProcessError> {
    let Some(tables) = S::tables() else {
        say(&format!("{} has no tables; nothing to do", S::NAME));
        return Ok(());
    };
    let mut settings = Settings::load(file);
    let database = DatabaseConfig::from_settings(&mut settings);
    settings.finish_part()?;
    on_all_cores(until_signal(migrate::<S>(tables, &database, wait)))
}

async fn migrate<S: Service>(
    tables: &Tables,
    config: &DatabaseConfig,
    wait: Duration,
) -> Result<(), MigrateError> {
    let options = PgConnectOptions::from_str(config.url.expose_secret()).map_err(MigrateError::Url)?;
    reach(S::NAME, &options, wait).await?;
    let pool = database::open_directly(config, S::NAME).map_err(MigrateError::Url)?;
    let before = tables.standing(&pool).await.map_err(MigrateError::Tables)?;
    tables.migrate(&pool).await.map_err(MigrateError::Tables)?;
    S::seed(&pool).await.map_err(MigrateError::Seed)?;
    report::<S>(&pool, tables, before.missing).await?;
    pool.close().await;
    Ok(())
}

async fn report<S: Service>(pool: &PgPool, tables: &Tables, applied: usize) -> Result<(), MigrateError> {
    let standing = tables.standing(pool).await.map_err(MigrateError::Tables)?;
    let name = S::NAME;
    let found = match applied {
        0 => "they were so before".to_owned(),
        1 => "1 migration was missing".to_owned(),
        more => format!("{more} migrations were missing"),
    };
    say(&format!("{name}: the tables are up to date; {found}"));
    if standing.newer > 0 {
        say(&format!("{name}: they are newer than this build, by {} migration(s)", standing.newer));
    }
    Ok(())
}

/// Waits until the database takes a connection. A connection of our own tells the reason that a pool hides behind a
/// timeout.
async fn reach(service: &str, options: &PgConnectOptions, wait: Duration) -> Result<(), MigrateError> {
    let deadline = Instant::now() + wait;
    let mut last = None;
    loop {
        let trouble = match timeout_at(deadline, options.connect()).await {
            Ok(Ok(connection)) => {
                // The server sees an end instead of a broken pipe; whether it answers does not matter.
                let _ = timeout_at(deadline, connection.close()).await;
                return Ok(());
            }
            Ok(Err(error)) if database::is_unavailable(&error) => chain(&error),
            Ok(Err(error)) => return Err(MigrateError::Refused(error)),
            Err(_) => last.take().unwrap_or_else(|| "no answer".to_owned()),
        };
        if Instant::now() + PAUSE >= deadline {
            return Err(MigrateError::Away { wait, last: trouble });
        }
        if last.is_none() {
            say(&format!("{service}: waiting for PostgreSQL, {} s at most: {trouble}", wait.as_secs()));
        }
        last = Some(trouble);
        tokio::time::sleep(PAUSE).await;
    }
}
