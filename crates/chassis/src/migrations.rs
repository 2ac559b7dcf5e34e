//! Bringing a service's tables up to date, or making sure that somebody else did.

use std::error::Error;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::postgres::PgPoolOptions;

use crate::database::is_unavailable;
use crate::health::Dependency;

/// The pause between two attempts to reach a database that is away.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// `undefined_table`: nobody has migrated this database yet.
const UNDEFINED_TABLE: &str = "42P01";

/// Everything that makes the tables in the database of a service.
#[derive(Debug)]
pub struct Tables {
    /// The service, for the advice to migrate.
    pub service: &'static str,
    /// Whose tables they are, in the order in which they are made.
    pub migrators: &'static [&'static Migrator],
}

/// How the tables of a database compare with the migrations of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Migrations that the database lacks.
    pub missing: usize,
    /// Migrations of the database that this build does not know.
    pub newer: usize,
}

/// Tables that the service cannot work with although the database answers.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A migration failed.
    #[error("the tables could not be brought up to date")]
    Failed(#[from] MigrateError),
    /// They are not up to date, and bringing them there is somebody else's job.
    #[error(
        "the tables are not up to date, {missing} migration(s) are missing: run `{service} migrate`, or set \
         MIGRATE_ON_START=true"
    )]
    Outdated {
        /// The service.
        service: &'static str,
        /// How many migrations the database lacks.
        missing: usize,
    },
}

impl Tables {
    /// Compares the tables with the migrations of this build. One that was changed after it was applied is an error.
    pub async fn standing(&self, pool: &PgPool) -> Result<Standing, MigrateError> {
        let mut standing = Standing { missing: 0, newer: 0 };
        let mut connection = pool.acquire().await?;
        for migrator in self.migrators {
            let applied = match connection.list_applied_migrations(&migrator.table_name).await {
                Err(error) if is_undefined_table(&error) => Vec::new(),
                applied => applied?,
            };
            for migration in migrator.iter() {
                match applied.iter().find(|applied| applied.version == migration.version) {
                    Some(applied) if applied.checksum != migration.checksum => {
                        return Err(MigrateError::VersionMismatch(migration.version));
                    }
                    Some(_) => {}
                    None => standing.missing += 1,
                }
            }
            standing.newer +=
                applied.iter().filter(|applied| !migrator.version_exists(applied.version)).count();
        }
        Ok(standing)
    }

    /// Applies what is missing; processes that do so at the same time take turns.
    ///
    /// Where nothing is missing, nothing is done: while a release is rolled out, or back, the older build meets tables
    /// that are newer than itself, and it can live with them.
    pub async fn migrate(&self, pool: &PgPool) -> Result<(), MigrateError> {
        if self.standing(pool).await?.missing == 0 {
            return Ok(());
        }
        // A migration may take as long as it takes, and so may the wait for another process that is at it.
        let options = pool.connect_options().as_ref().clone().options([("statement_timeout", "0")]);
        let patient = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        for migrator in self.migrators {
            migrator.run(&patient).await?;
        }
        patient.close().await;
        Ok(())
    }

    /// At the start of a service: brings the tables up to date and has `seed` fill them if that is `wanted`, else checks
    /// that it was done. Waits as long as the database is away; then `schema` is up.
    pub async fn at_start<F>(
        &self,
        pool: &PgPool,
        wanted: bool,
        schema: &Dependency,
        mut seed: impl FnMut() -> F,
    ) -> Result<(), MigrationError>
    where
        F: Future<Output = sqlx::Result<()>>,
    {
        loop {
            let attempt = async {
                if !wanted {
                    return self.standing(pool).await;
                }
                self.migrate(pool).await?;
                seed().await?;
                self.standing(pool).await
            };
            match attempt.await {
                Ok(Standing { missing: 0, newer }) => {
                    if newer > 0 {
                        tracing::warn!(newer, "the tables are newer than this build");
                    }
                    schema.up();
                    return Ok(());
                }
                Ok(Standing { missing, .. }) => {
                    schema.down("not up to date");
                    return Err(MigrationError::Outdated { service: self.service, missing });
                }
                Err(error) if is_away(&error) => {
                    schema.down("waiting for the database");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn is_undefined_table(error: &MigrateError) -> bool {
    causes(error).any(|cause| {
        matches!(cause, sqlx::Error::Database(error) if error.code().as_deref() == Some(UNDEFINED_TABLE))
    })
}

fn is_away(error: &MigrateError) -> bool {
    causes(error).any(is_unavailable)
}

/// The database errors behind an error.
fn causes(error: &MigrateError) -> impl Iterator<Item = &sqlx::Error> {
    let first: &(dyn Error + 'static) = error;
    let chain = std::iter::successors(Some(first), |error| Error::source(*error));
    chain.filter_map(|error| error.downcast_ref::<sqlx::Error>())
}
