//! A listening socket with its connections, as one thing that can be ended.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long to wait when no connection can be accepted: too many open files, mostly, which passes when some end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The task of a listener and its connections. Dropped, it ends both a moment later.
#[derive(Debug)]
pub(crate) struct Listening {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Listening {
    /// Serves each connection in a task of its own.
    pub(crate) fn serve<S, F>(listener: TcpListener, serve: S) -> Self
    where
        S: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::spawn(|cancel| async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    () = cancel.cancelled() => break,
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            connections.spawn(serve(stream));
                        }
                        Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                    },
                    Some(ended) = connections.join_next() => {
                        if let Ok(Err(error)) = ended {
                            tracing::debug!(%error, "a connection broke");
                        }
                    }
                }
            }
            drop(listener);
            // They are dropped where they are, as a crash would.
            connections.shutdown().await;
        })
    }

    /// Runs a task that ends when the token it is given is cancelled.
    pub(crate) fn spawn<F>(task: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let cancel = CancellationToken::new();
        let task = tokio::spawn(task(cancel.clone()));
        Self { cancel, task }
    }

    /// Closes the listener and every connection; they are closed on return.
    pub(crate) async fn stop(mut self) {
        self.cancel.cancel();
        // The task's answer carries nothing.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
