//! The connection of a relay. It holds the lock of the active one and makes every statement that depends on it.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, PgPool};

use crate::store::{self, Parked, Pending};

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error("the outbox cannot be read or marked")]
    Database(#[from] sqlx::Error),
    #[error("the database does not answer")]
    Timeout,
}

pub(super) struct Session {
    connection: PgConnection,
    timeout: Duration,
}

impl Session {
    /// Connects beside the pool: the lock stays for long and would take a connection from the business.
    pub(super) async fn open(pool: &PgPool, timeout: Duration) -> Result<Self, SessionError> {
        let options = pool.connect_options();
        let options = options.as_ref().clone().application_name("outbox relay");
        let mut connection = bounded(timeout, options.connect()).await?;
        bounded(timeout, store::configure(&mut connection)).await?;
        Ok(Self { connection, timeout })
    }

    pub(super) async fn try_lead(&mut self) -> Result<bool, SessionError> {
        bounded(self.timeout, store::try_lead(&mut self.connection)).await
    }

    pub(super) async fn notify(&mut self) -> Result<(), SessionError> {
        bounded(self.timeout, store::notify(&mut self.connection)).await
    }

    pub(super) async fn pending(
        &mut self,
        limit: u16,
        max_bytes: u32,
        excluded: &[i64],
    ) -> Result<Vec<Pending>, SessionError> {
        let pending = store::pending(&mut self.connection, limit.into(), max_bytes.into(), excluded);
        bounded(self.timeout, pending).await
    }

    pub(super) async fn mark_published(&mut self, positions: &[i64]) -> Result<(), SessionError> {
        bounded(self.timeout, store::mark_published(&mut self.connection, positions)).await
    }

    pub(super) async fn mark_refused(
        &mut self,
        positions: &[i64],
        reasons: &[String],
        max_attempts: u16,
    ) -> Result<Vec<Parked>, SessionError> {
        bounded(self.timeout, store::count_refusals(&mut self.connection, positions, reasons)).await?;
        bounded(self.timeout, store::park(&mut self.connection, positions, max_attempts.into())).await
    }
}

async fn bounded<T>(
    timeout: Duration,
    statement: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, SessionError> {
    Ok(tokio::time::timeout(timeout, statement).await.map_err(|_| SessionError::Timeout)??)
}
