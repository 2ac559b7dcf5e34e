//! What a call sends, kept so that it can be sent again.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use tonic::Status;
use tonic::body::Body;

/// The body of a call.
#[derive(Debug)]
pub(super) enum Message {
    /// One message, which is short and complete.
    Whole(Bytes),
    /// A stream, which can be sent again only as long as nobody has read of it.
    Stream(Slot),
}

type Slot = Arc<Mutex<Option<Body>>>;

impl Message {
    /// Takes the body of a call; `takes_stream` says whether it may be long in coming.
    pub(super) async fn of(body: Body, takes_stream: bool) -> Result<Self, Status> {
        if takes_stream {
            return Ok(Self::Stream(Arc::new(Mutex::new(Some(body)))));
        }
        Ok(Self::Whole(body.collect().await?.to_bytes()))
    }

    /// The body for one attempt.
    pub(super) fn lend(&mut self) -> Option<Body> {
        match self {
            Self::Whole(bytes) => Some(Body::new(Full::new(bytes.clone()))),
            Self::Stream(slot) => {
                let body = lock(slot).take()?;
                Some(Body::new(Lent { body: Some(body), slot: Arc::clone(slot), read: false }))
            }
        }
    }

    /// Whether it can be lent once more.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Stream(slot) => lock(slot).is_some(),
        }
    }
}

fn lock(slot: &Slot) -> std::sync::MutexGuard<'_, Option<Body>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stream that comes back when it is dropped unread.
struct Lent {
    body: Option<Body>,
    slot: Slot,
    read: bool,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.read = true;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.read {
            *lock(&self.slot) = self.body.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &'static str) -> Body {
        Body::new(Full::new(Bytes::from_static(text.as_bytes())))
    }

    async fn read(body: Body) -> Bytes {
        body.collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn one_message_can_be_sent_again_and_again() {
        let mut message = Message::of(body("squat"), false).await.unwrap();
        for _ in 0..3 {
            assert_eq!(read(message.lend().unwrap()).await, "squat");
            assert!(message.is_whole());
        }
    }

    #[tokio::test]
    async fn a_stream_comes_back_as_long_as_nobody_has_read_of_it() {
        let mut message = Message::of(body("a picture"), true).await.unwrap();
        drop(message.lend().unwrap());
        assert!(message.is_whole());
        assert_eq!(read(message.lend().unwrap()).await, "a picture");
        assert!(!message.is_whole());
        assert!(message.lend().is_none());
    }
}
