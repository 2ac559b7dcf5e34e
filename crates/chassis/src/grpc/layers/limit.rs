//! How many calls are under way at one time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{answer, methods};
use crate::errors::{ErrorCode, Failure, Violation};
use crate::http_server::body::{self, BodyError, BodyRate};
use crate::http_server::places::{Place, Places};

/// The longest message of a call; those of streams are not read here.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// What all messages that are arriving may have together.
const MAX_ARRIVING_BYTES: usize = 64 * 1024 * 1024;

/// The places of a server.
#[derive(Clone, Debug)]
pub(in crate::grpc) struct CallPlaces {
    /// Calls with one message in and one out.
    calls: Places,
    /// Streams last as long as their clients like, so they take no places of calls.
    streams: Places,
    /// Services watch as long as they run, and have to get in whatever else goes on.
    watches: Places,
    arriving: Places,
    /// Longest time for the answer of a stream.
    longest_stream: Duration,
}

impl CallPlaces {
    /// So many places for calls, and a quarter of that for streams, and for watches.
    pub(in crate::grpc) fn new(calls: usize, longest_stream: Duration) -> Self {
        let of = |count| Places::new(count, count);
        Self {
            calls: of(calls),
            streams: of((calls / 4).max(1)),
            watches: of((calls / 4).max(1)),
            arriving: of(MAX_ARRIVING_BYTES),
            longest_stream,
        }
    }
}

/// Refuses a call over the limit at once instead of letting it queue. A message is waited for before its call takes a
/// place, and the place is free when the answer is made: no client holds it by being slow. A stream holds one of those
/// for streams to its end. Health has a place always.
pub(in crate::grpc) async fn limit(
    State(places): State<CallPlaces>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if path.starts_with("/grpc.health.v1.Health/") {
        return next.run(request).await;
    }
    // What the contracts do not know is reflection, which is a stream, or nothing.
    if methods::find(path).is_none_or(|method| method.takes_stream || method.gives_stream) {
        let streams = if methods::is_watch(path) { &places.watches } else { &places.streams };
        let Some(place) = streams.take(None, 1) else { return overloaded() };
        return next.run(request).await.map(|body| held(body, place, places.longest_stream));
    }
    let (head, body) = request.into_parts();
    let Some(mut room) = places.arriving.take(None, 0) else { return overloaded() };
    let message = match body::collect(body, MAX_MESSAGE_BYTES, BodyRate::USUAL, &mut room).await {
        Ok(message) if message.len() > MAX_MESSAGE_BYTES => {
            let reason = format!("must have at most {MAX_MESSAGE_BYTES} bytes");
            return answer(Failure::invalid(vec![Violation::new("message", reason)]));
        }
        Ok(message) => message,
        Err(BodyError::Slow | BodyError::Broken) => return answer(ErrorCode::DeadlineExceeded.into()),
        Err(BodyError::NoRoom) => return overloaded(),
    };
    let Some(_place) = places.calls.take(None, 1) else { return overloaded() };
    next.run(Request::from_parts(head, Body::from(message))).await
}

fn overloaded() -> Response {
    answer(Failure::new(ErrorCode::Overloaded).retry_after(Duration::from_secs(1)))
}

/// The body of an answer that keeps a place until its end, or until its time is over. A client that takes nothing is
/// never asked by its connection, so that a task of its own looks at the time.
fn held(mut body: Body, place: Place, longest: Duration) -> Body {
    let (sender, receiver) = mpsc::channel(1);
    let end = sender.clone();
    let pass_on = async move {
        while let Some(frame) = body.frame().await {
            if sender.send(frame).await.is_err() {
                return;
            }
        }
    };
    tokio::spawn(async move {
        let _place = place;
        tokio::select! {
            () = end.closed() => {}
            outcome = tokio::time::timeout(longest, pass_on) => if outcome.is_err() {
                // Who still reads learns that this is not the end.
                let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
                let _ = end.try_send(Err(axum::Error::new(error)));
            }
        }
    });
    Body::new(StreamBody::new(ReceiverStream::new(receiver)))
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_stream_that_nobody_takes_gives_its_place_back_in_time() {
        let places = Places::new(1, 1);
        let body = Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>("x")));
        let _untaken = held(body, places.take(None, 1).unwrap(), Duration::from_millis(50));
        let free = async {
            while places.take(None, 1).is_none() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), free).await.unwrap();
    }

    #[tokio::test]
    async fn a_stream_that_is_too_long_does_not_look_complete_and_a_short_one_comes_whole() {
        let places = Places::new(1, 1);
        let endless = futures::stream::iter([Ok::<_, std::io::Error>("x")]).chain(futures::stream::pending());
        let body = held(Body::from_stream(endless), places.take(None, 1).unwrap(), Duration::from_millis(50));
        assert!(body.collect().await.is_err());
        let body = held(Body::from("whole"), places.take(None, 1).unwrap(), Duration::from_mins(1));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "whole");
    }
}
