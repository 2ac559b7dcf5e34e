//! Waits for the body of a request, before anything is held for it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::places::Place;

/// How slowly a body may arrive. The server says so and not the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyRate {
    /// Time that every body has.
    pub grace: Duration,
    /// What has to arrive in each second after it.
    pub bytes_per_second: u32,
}

impl BodyRate {
    /// For bodies of a few KiB: a line that is slower than this brings no answer home either.
    pub const USUAL: Self = Self { grace: Duration::from_secs(5), bytes_per_second: 4 * 1024 };

    /// How long a body may take that has so many bytes.
    pub fn time_for(self, bytes: usize) -> Duration {
        #[allow(clippy::cast_precision_loss, reason = "a moment more or less does not matter")]
        let seconds = bytes as f64 / f64::from(self.bytes_per_second.max(1));
        self.grace + Duration::from_secs_f64(seconds)
    }
}

/// A body that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It came too slowly.
    #[error("the body did not arrive in time")]
    Slow,
    /// It ended before its end.
    #[error("the body broke off")]
    Broken,
    /// There is no room for it beside the bodies of others.
    #[error("there is no room for the body")]
    NoRoom,
}

/// Reads a body into memory, `max_bytes` and one of it at most: by that one the next in line sees that it is too long.
/// `room` grows by what is in memory.
pub async fn collect(
    mut body: Body,
    max_bytes: usize,
    rate: BodyRate,
    room: &mut Place,
) -> Result<Bytes, BodyError> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let start = Instant::now();
    let mut collected = Vec::new();
    while collected.len() <= max_bytes {
        let frame = timeout_at(start + rate.time_for(collected.len()), body.frame()).await;
        let Some(frame) = frame.map_err(|_| BodyError::Slow)? else { break };
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        let data = &data[..data.len().min(max_bytes + 1 - collected.len())];
        if !room.grow(data.len()) {
            return Err(BodyError::NoRoom);
        }
        collected.extend_from_slice(data);
    }
    Ok(collected.into())
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::super::places::Places;
    use super::*;

    const RATE: BodyRate = BodyRate { grace: Duration::from_millis(100), bytes_per_second: 1_000 };

    /// So many pieces of a hundred bytes, and then silence.
    fn silent_after(count: usize) -> Body {
        let pieces = futures::stream::iter(0..count).map(|_| Ok::<_, std::io::Error>(vec![7; 100]));
        Body::from_stream(pieces.chain(futures::stream::pending()))
    }

    async fn read(body: Body, max_bytes: usize, room: usize) -> Result<usize, BodyError> {
        let mut place = Places::new(room, room).take(None, 0).unwrap();
        collect(body, max_bytes, RATE, &mut place).await.map(|bytes| bytes.len())
    }

    #[tokio::test]
    async fn a_body_that_stops_is_given_up_when_the_time_for_what_came_is_over() {
        assert_eq!(read(vec![7; 600].into(), 1_000, 1_000).await, Ok(600));
        assert_eq!(read(Body::empty(), 1_000, 0).await, Ok(0));
        let start = Instant::now();
        assert_eq!(read(silent_after(3), 1_000, 1_000).await, Err(BodyError::Slow));
        assert!(start.elapsed() >= RATE.time_for(300), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn pieces_without_bytes_buy_no_time() {
        let empty = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Vec::<u8>::new()));
        let empty = empty.then(|piece| async {
            tokio::task::yield_now().await;
            piece
        });
        assert_eq!(read(Body::from_stream(empty), 1_000, 1_000).await, Err(BodyError::Slow));
    }

    #[tokio::test]
    async fn no_more_is_read_than_shows_that_it_is_too_much_and_there_is_room_for() {
        assert_eq!(read(silent_after(100), 250, 1_000).await, Ok(251));
        assert_eq!(read(silent_after(4), 1_000, 399).await, Err(BodyError::NoRoom));
        let broken = futures::stream::iter([Ok(vec![7]), Err(std::io::Error::other("gone"))]);
        assert_eq!(read(Body::from_stream(broken), 10, 10).await, Err(BodyError::Broken));
    }
}
