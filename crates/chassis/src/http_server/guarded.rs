//! A connection that ends when its client floods it with frames, or does not begin to speak.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tonic::transport::server::Connected;

use super::frames::Frames;

/// How long a client of a port that speaks nothing but HTTP/2 may take for its preface and its first frame.
const PREFACE_LIMIT: Duration = Duration::from_secs(10);

/// A stream of bytes whose frames are counted, if they are frames.
#[derive(Debug)]
pub struct Guarded<S> {
    stream: S,
    frames: Frames,
    /// Until when the first frame has to be there.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> Guarded<S> {
    /// Watches for floods only.
    pub fn new(stream: S) -> Self {
        Self { stream, frames: Frames::new(Instant::now()), deadline: None }
    }

    /// Watches for the beginning as well: for ports that speak HTTP/2 only and whose clients say so at once.
    pub fn http2_only(stream: S) -> Self {
        Self { deadline: Some(Box::pin(tokio::time::sleep(PREFACE_LIMIT))), ..Self::new(stream) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                let read = &buffer.filled()[before..];
                if let Err(flood) = self.frames.read(read, Instant::now()) {
                    tracing::debug!("a connection was closed: {flood}");
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, flood)));
                }
                if self.frames.begun() {
                    self.deadline = None;
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => match &mut self.deadline {
                Some(deadline) => {
                    deadline.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
                }
                None => Poll::Pending,
            },
            failed @ Poll::Ready(_) => failed,
        }
    }
}

impl<S: AsyncWrite + Unpin> Guarded<S> {
    fn count(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = written {
            self.frames.wrote(count);
        }
        written
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: Connected> Connected for Guarded<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}
