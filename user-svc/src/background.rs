//! What runs beside the gRPC server.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use chassis::database::is_unavailable;
use chassis::health::Dependency;
use eventbus::{BusState, KafkaConfig, Publisher, TopicSpec};
use outbox::Relay;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::store;

/// The pause between two attempts to reach a database that is away.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrationError {
    /// Our own tables.
    #[error("the tables of the service could not be brought up to date")]
    Service(#[source] sqlx::migrate::MigrateError),
    /// The table of the outbox.
    #[error("the table of the outbox could not be brought up to date")]
    Outbox(#[source] sqlx::migrate::MigrateError),
}

/// A task that cannot fail.
pub(crate) async fn run(task: impl Future<Output = ()>) -> Result<(), Infallible> {
    task.await;
    Ok(())
}

/// Creates the topics that are missing, then waits for the end.
pub(crate) async fn ensure_topics(
    kafka: KafkaConfig,
    topics: Vec<TopicSpec>,
    shutdown: CancellationToken,
) -> Result<(), Infallible> {
    eventbus::ensure_topics(&kafka, &topics, &shutdown).await;
    shutdown.cancelled().await;
    Ok(())
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
            // The sender is gone when the publisher is, and nobody publishes any more.
            changed = state.changed() => if changed.is_err() { return shutdown.cancelled().await },
        }
    }
}

/// Publishes events as soon as their table is there.
pub(crate) async fn relay<P: Publisher + 'static>(
    migrations: impl Future<Output = Result<(), MigrationError>>,
    relay: Relay<P>,
    shutdown: CancellationToken,
) -> Result<(), MigrationError> {
    tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        migrated = migrations => migrated?,
    }
    relay.run(shutdown).await;
    Ok(())
}

/// Brings the tables up to date if that is asked for, and goes on trying while the database is away.
pub(crate) async fn migrate(pool: PgPool, wanted: bool, schema: Dependency) -> Result<(), MigrationError> {
    if wanted {
        while let Err(error) = attempt(&pool).await {
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

async fn attempt(pool: &PgPool) -> Result<(), MigrationError> {
    store::migrate(pool).await.map_err(MigrationError::Service)?;
    outbox::migrate(pool).await.map_err(MigrationError::Outbox)
}

fn is_away(error: &MigrationError) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<sqlx::Error>().is_some_and(is_unavailable) {
            return true;
        }
        cause = error.source();
    }
    false
}
