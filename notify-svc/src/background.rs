//! What runs beside the senders.

use std::time::Duration;

use chassis::database::is_unavailable;
use chassis::health::Dependency;
use eventbus::BusState;
use sqlx::PgPool;
use sqlx::migrate::MigrateError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::ledger;

/// The pause between two attempts to reach a database that is away.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Why the service cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackgroundError {
    #[error("the tables of the ledger could not be brought up to date")]
    Ledger(#[source] MigrateError),
    #[error("the tables of the outbox could not be brought up to date")]
    Outbox(#[source] MigrateError),
    #[error("events cannot be consumed")]
    Consumer(#[from] eventbus::ConsumerError),
}

/// A task that cannot fail.
pub(crate) async fn run(task: impl Future<Output = ()>) -> Result<(), std::convert::Infallible> {
    task.await;
    Ok(())
}

/// Brings the tables up to date if that is wanted; a database that is away is waited for.
pub(crate) async fn migrate(pool: &PgPool, wanted: bool, schema: &Dependency) -> Result<(), BackgroundError> {
    if wanted {
        while let Err(error) = migrate_once(pool).await {
            if !is_away(&error) {
                return Err(error);
            }
            schema.down("waiting for the database");
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
    schema.up();
    Ok(())
}

fn is_away(error: &BackgroundError) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<sqlx::Error>().is_some_and(is_unavailable) {
            return true;
        }
        cause = error.source();
    }
    false
}

async fn migrate_once(pool: &PgPool) -> Result<(), BackgroundError> {
    ledger::migrate(pool).await.map_err(BackgroundError::Ledger)?;
    outbox::migrate(pool).await.map_err(BackgroundError::Outbox)
}

/// Tells the health page how the connection to the broker is.
pub(crate) async fn watch_bus(
    mut state: watch::Receiver<BusState>,
    kafka: Dependency,
    shutdown: CancellationToken,
) {
    loop {
        match &*state.borrow_and_update() {
            BusState::Connecting => {}
            BusState::Up => kafka.up(),
            BusState::Down(reason) => kafka.down(reason.as_str()),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            // The client that told the state is gone; nothing more will be heard.
            changed = state.changed() => if changed.is_err() { return shutdown.cancelled().await },
        }
    }
}
