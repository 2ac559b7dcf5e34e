//! The frame of a service: what it consists of is handed in, and the frame starts, watches, drains and stops it.
//!
//! A service has two parts. In *front* stands whatever takes work in or begins it: servers, consumers, what comes by the
//! clock. In the *rear* stands what they need until their last moment: the relay of the outbox, token keys, probes, the
//! operations port. A stop goes one way, whoever asks for it, a signal or a task that has failed:
//!
//! 1. The service says that it is not ready and goes on for [`DrainConfig::delay`]: load balancers have to notice.
//! 2. The front stops taking work, finishes what it has and ends, within [`DrainConfig::deadline`].
//! 3. The rear follows, within [`REAR_DEADLINE`]: what the front wrote to the outbox last is published, and until here
//!    the drain could be watched on the operations port.
//! 4. The connections to the database close.
//!
//! What is not through in time is cut off and makes the stop a failure. [`Frame`] is enough for a service that keeps
//! nothing; [`Backend`] adds database, outbox, events and gRPC.

mod backend;
mod config;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::backend::Backend;
pub use self::config::{BackendConfig, Identity};
use crate::drain::DrainConfig;
use crate::health::Health;
use crate::lifecycle::Tasks;
use crate::ops::{self, BindError};

/// Longest time for the rear to end. The relay takes three seconds for its last batch.
pub const REAR_DEADLINE: Duration = Duration::from_secs(4);

/// The running tasks of a service by the part in which they stand.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// They stop first.
    pub front: Tasks,
    /// They stop when the front has ended.
    pub rear: Tasks,
}

/// Starts tasks.
type Start = Box<dyn FnOnce(&Parts) + Send>;

/// What the task of a service answers at its end: nothing, or whether it failed.
pub trait TaskOutcome {
    /// The outcome as the frame takes it.
    fn outcome(self) -> Result<(), TaskError>;
}

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct TaskError(Box<dyn Error + Send + Sync>);

impl TaskOutcome for () {
    fn outcome(self) -> Result<(), TaskError> {
        Ok(())
    }
}

impl<E: Error + Send + Sync + 'static> TaskOutcome for Result<(), E> {
    fn outcome(self) -> Result<(), TaskError> {
        self.map_err(|error| TaskError(error.into()))
    }
}

/// Starts `task` among `tasks`; it gets their token.
fn start<F>(tasks: &Tasks, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
where
    F: Future<Output: TaskOutcome> + Send + 'static,
{
    let task = task(tasks.shutdown().clone());
    tasks.spawn(name, async move { task.await.outcome() });
}

/// A service with its operations port, not running yet.
pub struct Frame {
    health: Health,
    ops: TcpListener,
    drain: DrainConfig,
    parts: Parts,
    starts: Vec<Start>,
}

impl Frame {
    /// Binds the operations port; `setting` names its address.
    pub async fn bind(addr: SocketAddr, setting: &str, drain: DrainConfig) -> Result<Self, BindError> {
        let ops = ops::bind(addr, setting).await?;
        Ok(Self { health: Health::default(), ops, drain, parts: Parts::default(), starts: Vec::new() })
    }

    /// How the service is doing.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Where health and metrics are served.
    pub fn ops_addr(&self) -> std::io::Result<SocketAddr> {
        self.ops.local_addr()
    }

    /// The token that is cancelled when the front has to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.parts.front.shutdown().clone()
    }

    /// Adds a task to the front. It has to end soon after its token is cancelled.
    pub fn front<F>(&mut self, name: &'static str, task: impl FnOnce(CancellationToken) -> F + Send + 'static)
    where
        F: Future<Output: TaskOutcome> + Send + 'static,
    {
        self.start_with(move |parts| start(&parts.front, name, task));
    }

    /// The same for the rear.
    pub fn rear<F>(&mut self, name: &'static str, task: impl FnOnce(CancellationToken) -> F + Send + 'static)
    where
        F: Future<Output: TaskOutcome> + Send + 'static,
    {
        self.start_with(move |parts| start(&parts.rear, name, task));
    }

    /// Adds what starts tasks of its own, as many as it likes.
    pub fn start_with(&mut self, start: impl FnOnce(&Parts) + Send + 'static) {
        self.starts.push(Box::new(start));
    }

    /// Serves until `shutdown` or until a task fails, then stops in the order that stands above.
    pub async fn run_until(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self { health, ops, drain, parts, starts } = self;
        let routes = ops::routes(health.clone());
        start(&parts.rear, "ops", |stop| ops::serve(ops, routes, stop));
        for start in starts {
            start(&parts);
        }
        let Parts { front, rear } = &parts;
        drain.until_stop(&health, &shutdown, &[front, rear]).await;
        let front_ended = front.drain(drain.deadline).await;
        let rear_ended = rear.drain(REAR_DEADLINE).await;
        if let Some(failure) = front.failure().or_else(|| rear.failure()) {
            anyhow::bail!("{failure}");
        }
        anyhow::ensure!(front_ended && rear_ended, "some work was cut off at the drain deadline");
        Ok(())
    }
}
