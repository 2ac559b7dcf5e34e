//! The ledger in PostgreSQL, and all SQL of this service.
//!
//! A worker claims due rows for a while (lease) under a number that grows with every claim (fence). Until
//! [`attempts::record`] has committed `sending`, nothing has left the house, so a lost claim is taken over at once when
//! its lease ends. After that only the worker knows how far the mail got; if it dies, the row is `in_doubt`.
//! All leases run by the clock of the database.

pub mod accounts;
pub mod attempts;
pub mod backlog;
pub mod claims;
pub mod dead_letters;
pub mod entries;
pub mod history;
pub mod interventions;
pub mod preferences;
pub mod recipients;
pub mod retention;
pub mod sweep;
pub mod waiting;

use std::time::Duration;

use chassis::migrations::Tables;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::types::PgInterval;
use sqlx::{PgConnection, PgPool};

static MIGRATOR: Migrator = sqlx::migrate!();

/// Everything in the database of this service.
pub(crate) static TABLES: Tables =
    Tables { service: crate::NAME, migrators: &[&MIGRATOR, &outbox::MIGRATIONS] };

/// Brings the tables of the ledger up to date.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATOR.run(pool).await
}

/// Makes a connection plan each statement once, where a statement costs more to plan than to run.
pub(crate) async fn plan_once(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SET plan_cache_mode = force_generic_plan").execute(connection).await?;
    Ok(())
}

fn interval(duration: Duration) -> PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}
