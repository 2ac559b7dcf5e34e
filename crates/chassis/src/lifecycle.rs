//! From start to drained: signals, tracked tasks and a deadline for stopping.
//!
//! Stopping has one order everywhere: readiness goes false, listeners stop taking new work, running work finishes,
//! connections close. Whatever is left when the deadline passes is dropped, so a stop always ends.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use eventbus::chain;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Resolves at the first SIGTERM or SIGINT.
pub async fn shutdown_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("a handler for SIGTERM can be installed");
        let mut interrupt = signal(SignalKind::interrupt()).expect("a handler for SIGINT can be installed");
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM received, draining"),
            _ = interrupt.recv() => tracing::info!("SIGINT received, draining"),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.expect("a handler for Ctrl-C can be installed");
        tracing::info!("Ctrl-C received, draining");
    }
}

/// Cancels `shutdown` at the first SIGTERM or SIGINT; a second one ends the process at once.
pub async fn cancel_on_signal(shutdown: CancellationToken) {
    shutdown_signal().await;
    shutdown.cancel();
    shutdown_signal().await;
    tracing::warn!("second signal, leaving without draining");
    std::process::exit(130);
}

/// The running tasks of a service and the token that stops them.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    shutdown: CancellationToken,
    failure: Arc<OnceLock<String>>,
}

impl Tasks {
    /// No tasks yet; they stop when `shutdown` is cancelled.
    pub fn new(shutdown: CancellationToken) -> Self {
        Self { shutdown, ..Self::default() }
    }

    /// The token that every task watches.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Why a task ended before the token was cancelled, if one did.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Starts a task and keeps track of it. It has to end soon after the token is cancelled.
    ///
    /// A task that ends by panic or error stops the service: half a service is worse than a restart.
    pub fn spawn<F, E>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let shutdown = self.shutdown.clone();
        let failure = Arc::clone(&self.failure);
        let running = tokio::spawn(task);
        self.tracker.spawn(async move {
            let reason = match running.await {
                Ok(Ok(())) => {
                    tracing::debug!(task = name, "task ended");
                    format!("{name}: ended early")
                }
                Ok(Err(error)) => {
                    let error = chain(&error);
                    tracing::error!(task = name, error, "task failed");
                    format!("{name}: {error}")
                }
                Err(error) => {
                    tracing::error!(task = name, panicked = error.is_panic(), "task died");
                    format!("{name}: {error}")
                }
            };
            if !shutdown.is_cancelled() {
                tracing::error!(task = name, "a task ended early; stopping");
                // Of several the first one is the reason of the others.
                let _ = failure.set(reason);
                shutdown.cancel();
            }
        });
    }

    /// Starts a task that cannot fail, under the same terms as [`Tasks::spawn`].
    pub fn watch(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn(name, async {
            task.await;
            Ok::<_, std::convert::Infallible>(())
        });
    }

    /// Stops all tasks and waits for them, `deadline` at most. Answers whether all of them ended by themselves.
    pub async fn drain(&self, deadline: Duration) -> bool {
        self.shutdown.cancel();
        self.tracker.close();
        let drained = tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok();
        if !drained {
            tracing::warn!(left = self.tracker.len(), "tasks were still running at the drain deadline");
        }
        drained
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn draining_ends_the_tasks_that_watch_the_token() {
        let tasks = Tasks::default();
        let token = tasks.shutdown().clone();
        tasks.spawn("watcher", async move {
            token.cancelled().await;
            Ok::<_, std::io::Error>(())
        });
        assert!(tasks.drain(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    async fn draining_ends_at_the_deadline_even_if_a_task_does_not() {
        let tasks = Tasks::default();
        tasks.spawn("stuck", std::future::pending::<Result<(), std::io::Error>>());
        assert!(!tasks.drain(Duration::from_millis(20)).await);
    }

    #[tokio::test]
    async fn a_task_that_fails_stops_the_service() {
        let tasks = Tasks::default();
        tasks.spawn("broken", async { Err(std::io::Error::other("boom")) });
        tokio::time::timeout(Duration::from_secs(5), tasks.shutdown().cancelled()).await.unwrap();
        assert_eq!(tasks.failure(), Some("broken: boom"));
    }
}
