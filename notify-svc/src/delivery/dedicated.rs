//! A database connection that one worker has to itself.
//!
//! Mail shall not wait for a pool that others keep busy, nor for a database that hangs: neither a stopped server nor a
//! network that went silent says so. What takes too long is given up together with its connection, whose late answer
//! could otherwise be taken for the answer to the next question. What was asked may still have been done, so everything
//! that is asked here may be asked again.

use std::io;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::timeout;

use crate::ledger;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Many times what any of it takes.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) struct Dedicated {
    pool: PgPool,
    limit: Duration,
    connection: Option<PgConnection>,
}

impl Dedicated {
    /// One to the database of `pool`, opened when it is needed.
    pub(super) fn new(pool: PgPool) -> Self {
        Self::within(LIMIT, pool)
    }

    /// The same for what is given up earlier or later than usual.
    pub(super) fn within(limit: Duration, pool: PgPool) -> Self {
        Self { pool, limit, connection: None }
    }

    /// Does something over the connection within the limit. After a failure the next one starts afresh.
    pub(super) async fn run<T, E: From<sqlx::Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let done =
            timeout(self.limit, work(&mut connection)).await.unwrap_or_else(|_| Err(too_long().into()))?;
        self.connection = Some(connection);
        Ok(done)
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        if let Some(connection) = self.connection {
            // The server notices the end of the connection in any case.
            let _ = timeout(CONNECT_TIMEOUT, connection.close()).await;
        }
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let options = self.pool.connect_options();
        let connecting = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            ledger::plan_once(&mut connection).await?;
            Ok(connection)
        };
        timeout(CONNECT_TIMEOUT, connecting).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}

fn too_long() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time"))
}
