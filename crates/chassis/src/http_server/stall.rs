//! Ends connections whose other end has stopped reading.
//!
//! A stream of events or a download is written as fast as its reader takes it, and one that takes nothing would hold
//! its connection for ever: nobody looks at a body again before the bytes that were written are gone.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

/// How long a reader may take nothing at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct StallLimits {
    /// While the server runs.
    pub(super) usual: Duration,
    /// While it stops.
    pub(super) at_stop: Duration,
}

/// A connection that ends when its reader stalls.
pub(super) struct StallLimited<S> {
    stream: S,
    limits: StallLimits,
    shutdown: CancellationToken,
    /// Set while a write waits.
    stalled: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<S> StallLimited<S> {
    pub(super) fn new(stream: S, limits: StallLimits, shutdown: CancellationToken) -> Self {
        Self { stream, limits, shutdown, stalled: None }
    }

    /// Lets the outcome of a write through, unless it has been waited for too long.
    fn limit<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let (limits, shutdown) = (self.limits, &self.shutdown);
        let stalled = self.stalled.get_or_insert_with(|| {
            let shutdown = shutdown.clone();
            Box::pin(async move {
                let limit = tokio::time::sleep(limits.usual);
                let stop = async {
                    shutdown.cancelled().await;
                    tokio::time::sleep(limits.at_stop).await;
                };
                tokio::select! {
                    () = limit => {}
                    () = stop => {}
                }
            })
        });
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StallLimited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StallLimited<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limit(outcome, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.limit(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.limit(outcome, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limit(outcome, context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(50);

    fn limited(
        usual: Duration,
        at_stop: Duration,
        shutdown: &CancellationToken,
    ) -> StallLimited<DuplexStream> {
        let (near, far) = tokio::io::duplex(16);
        // Nobody ever reads at the other end.
        std::mem::forget(far);
        StallLimited::new(near, StallLimits { usual, at_stop }, shutdown.clone())
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_given_up() {
        let mut near = limited(SHORT, LONG, &CancellationToken::new());
        assert_eq!(near.write_all(&[0; 64]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn at_a_stop_nobody_is_waited_for_long() {
        let shutdown = CancellationToken::new();
        let mut near = limited(LONG, SHORT, &shutdown);
        let writing = near.write_all(&[0; 64]);
        shutdown.cancel();
        assert_eq!(writing.await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn every_byte_that_is_taken_starts_the_time_again() {
        let (near, mut far) = tokio::io::duplex(16);
        let limits = StallLimits { usual: Duration::from_secs(2), at_stop: LONG };
        let mut near = StallLimited::new(near, limits, CancellationToken::new());
        let reading = tokio::spawn(async move { far.read_exact(&mut [0; 64]).await.map(|_| far) });
        near.write_all(&[0; 64]).await.unwrap();
        assert!(near.stalled.is_none());
        reading.await.unwrap().unwrap();
    }
}
