//! Bringing a service's tables up to date at start, also when its database comes later than the service.

use std::time::Duration;

use sqlx::migrate::MigrateError;

use crate::database::is_unavailable;
use crate::health::Dependency;

/// The pause between two attempts to reach a database that is away.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Tables that could not be brought up to date although the database answers.
#[derive(Debug, thiserror::Error)]
#[error("the tables could not be brought up to date")]
pub struct MigrationError(#[from] MigrateError);

/// Runs `migrate` if that is wanted, and again as long as the database is away; then `schema` is up.
pub async fn run<F>(
    wanted: bool,
    schema: &Dependency,
    mut migrate: impl FnMut() -> F,
) -> Result<(), MigrationError>
where
    F: Future<Output = Result<(), MigrateError>>,
{
    if wanted {
        while let Err(error) = migrate().await {
            if !is_away(&error) {
                return Err(error.into());
            }
            schema.down("waiting for the database");
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
    schema.up();
    Ok(())
}

fn is_away(error: &MigrateError) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<sqlx::Error>().is_some_and(is_unavailable) {
            return true;
        }
        cause = error.source();
    }
    false
}
