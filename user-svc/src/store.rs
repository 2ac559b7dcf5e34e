//! The SQL of this service, and the only place with any. The caller holds the connection and the transaction.
//!
//! Lock order: a transaction that touches an account and its code takes the row of the account first.

pub(crate) mod decoy;
pub(crate) mod one_time_codes;
pub(crate) mod sessions;
pub(crate) mod users;

use sqlx::PgPool;
use sqlx::migrate::{MigrateError, Migrator};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Brings the tables up to date; instances that start together take turns.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    MIGRATIONS.run(pool).await
}
